import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import {
  type Caller,
  callerOf,
  callerOfKey,
  demandScope,
  expireSessionCookie,
  setSessionCookie,
} from '../http/access.ts';
import type { ConsoleOptions } from '../options.ts';
import { described, type RouteText, schemaOf } from '../query/route.ts';
import { type SessionAnswer, sessionAnswer } from '../schema/session-answers.ts';

const bodyWanted = '{"key": "…"}';
const keyText = z.string(bodyWanted).min(1, bodyWanted).max(1_000, bodyWanted);
const keyBody = z.strictObject({ key: keyText.describe('The API key.') }, bodyWanted);

const text = { path: '/api/session', tag: 'session' } as const;
const showSession: RouteText = { ...text, summary: 'Whose key this is' };
const openSession: RouteText = {
  ...text,
  isOpen: true,
  summary: 'Keep a key in this browser',
  description: 'As a cookie that no script can read. The key needs the scope `query`.',
};
const closeSession: RouteText = {
  ...text,
  isOpen: true,
  summary: 'Forget the key in this browser',
};

/** Adds the routes that keep an API key in the browser, as a cookie that no script can read. */
export function addSessionRoutes(app: FastifyInstance, { keys }: ConsoleOptions): void {
  const sessionOf = ({ tenant, scopes }: Caller): SessionAnswer => {
    return { tenant, scopes: [...scopes], keys: keys !== undefined };
  };
  const answers = { 200: described('The session.', sessionAnswer) };

  app.get(text.path, { schema: schemaOf(showSession, { answers }) }, async (request) =>
    sessionOf(callerOf(request, keys)),
  );

  const schema = schemaOf(openSession, { body: keyBody, answers });
  type Parsed = { Body: z.output<typeof keyBody> };
  app.post<Parsed>(text.path, { schema }, async (request, reply): Promise<SessionAnswer> => {
    const { key } = request.body;
    const caller = keys ? callerOfKey(key, keys) : callerOf(request, keys);
    demandScope(caller, 'query');
    if (keys) setSessionCookie(reply, key);
    return sessionOf(caller);
  });

  const gone = { 204: z.undefined().describe('It is forgotten.') };
  app.delete(
    text.path,
    { schema: schemaOf(closeSession, { answers: gone }) },
    async (_request, reply) => {
      expireSessionCookie(reply);
      reply.code(204);
    },
  );
}
