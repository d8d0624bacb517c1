import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { callerOf, callerOfKey, demandScope, expiredCookie, sessionCookie } from './access.ts';
import type { SessionAnswer } from './answers.ts';
import { QueryError } from './errors.ts';
import type { ConsoleOptions } from './options.ts';

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
    if (keys) reply.header('set-cookie', sessionCookie(key, request));
    return { tenant: caller.tenant, scopes: [...caller.scopes], keys: keys !== undefined };
  });

  app.delete('/api/session', async (_request, reply) => {
    reply.header('set-cookie', expiredCookie).code(204);
  });
}
