import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { callerOf, demandSameOrigin, demandScope } from './access.ts';
import { QueryError } from './errors.ts';
import { oneOf, paging, readParameters, text } from './parameters.ts';
import type { Api } from './routes.ts';
import { withTimeout } from './timeout.ts';

const spec = {
  signal: oneOf(['traces', 'metrics', 'logs']),
  group: text(200),
  code: text(200),
  ...paging(500),
};

const resubmitBody = z.union([
  z.strictObject({ ids: z.array(z.string().min(1).max(500)).min(1).max(500) }),
  z.strictObject({ code: z.string().min(1).max(200) }),
]);

export function addDeadLetterRoutes(api: Api, app: FastifyInstance): void {
  const { deadLetters, keys, config, report } = api.options;

  api.get('/api/dead-letters', async ({ tenant, query, nowMs }) => {
    const { limit, ...filters } = readParameters(spec, query, nowMs);
    const page = await deadLetters.list({ ...filters, tenant, limit: limit ?? 100 });
    const { items, byCode, cursor } = page;
    return { store: undefined, body: { deadLetters: items, byCode, cursor } };
  });

  api.get('/api/dead-letters/:id', async ({ tenant, query, params, nowMs }) => {
    readParameters({}, query, nowMs);
    const deadLetter = await deadLetters.show({ tenant, id: params.id ?? '' });
    return { store: undefined, body: deadLetter && { deadLetter } };
  });

  app.post('/api/dead-letters/resubmit', async (request) => {
    demandSameOrigin(request);
    const caller = callerOf(request, keys);
    demandScope(caller, 'admin');
    const body = resubmitBody.safeParse(request.body);
    if (!body.success) {
      throw new QueryError('bad-body', 'wanted {"ids": […]} (1 to 500) or {"code": "…"}');
    }
    const { tenant } = caller;
    const answer = await withTimeout(
      () => deadLetters.resubmit({ tenant, ...body.data }),
      config.queryTimeoutMs,
    );
    const { resubmitted, refused } = answer;
    report?.({ type: 'resubmitted', tenant, resubmitted, refused: refused.length });
    return answer;
  });
}
