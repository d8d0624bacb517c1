import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { SessionAnswer } from '../answers.ts';
import {
  callerOf,
  callerOfKey,
  demandScope,
  expireSessionCookie,
  setSessionCookie,
} from '../http/access.ts';
import { QueryError } from '../http/errors.ts';
import type { ConsoleOptions } from '../options.ts';

const keyBody = z.strictObject({ key: z.string().min(1).max(1_000) });

/** Gives a browser its key as a cookie that no script can read. */
export function addSessionRoutes(app: FastifyInstance, { keys }: ConsoleOptions): void {
  app.get('/api/session', async (request): Promise<SessionAnswer> => {
    const caller = callerOf(request, keys);
    return { tenant: caller.tenant, scopes: [...caller.scopes], keys: keys !== undefined };
  });

  app.post('/api/session', async (request, reply): Promise<SessionAnswer> => {
    const body = keyBody.safeParse(request.body);
    if (!body.success) throw new QueryError('bad-body', 'wanted {"key": "…"}');
    const { key } = body.data;
    const caller = keys ? callerOfKey(key, keys) : callerOf(request, keys);
    demandScope(caller, 'query');
    if (keys) setSessionCookie(reply, key);
    return { tenant: caller.tenant, scopes: [...caller.scopes], keys: keys !== undefined };
  });

  app.delete('/api/session', async (_request, reply) => {
    expireSessionCookie(reply);
    reply.code(204);
  });
}
