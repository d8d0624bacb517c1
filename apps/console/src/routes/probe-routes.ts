import { metricsAccess, readyAccess } from '@spillway/runtime';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { QueryError } from '../http/errors.ts';
import type { ConsoleOptions } from '../options.ts';

const openMetrics = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/**
 * Adds the routes for orchestrators and Prometheus. What they show without a key names no tenant
 * and no path.
 */
export function addProbeRoutes(app: FastifyInstance, options: ConsoleOptions): void {
  const { admin, keys, config } = options;
  const questionOf = ({ headers: { authorization } }: FastifyRequest) => {
    return { host: config.host, keys, authorization };
  };

  app.get('/live', async () => ({ ok: true }));

  app.get('/ready', async (request, reply) => {
    const { ok, components } = admin.ready();
    reply.code(ok ? 200 : 503).header('cache-control', 'no-store');
    return readyAccess(questionOf(request)).isWhole ? { ok, components } : { ok };
  });

  app.get('/metrics', async (request, reply) => {
    const access = metricsAccess(questionOf(request));
    if (access.status !== 200) {
      const code = access.status === 401 ? 'unauthenticated' : 'forbidden';
      const message = 'an API key with the scope metrics is required (Authorization: Bearer)';
      throw new QueryError(code, message);
    }
    const text = await admin.metrics({ tenants: access.isWhole });
    reply.type(text.endsWith('# EOF\n') ? openMetrics : 'text/plain; version=0.0.4; charset=utf-8');
    return text;
  });
}
