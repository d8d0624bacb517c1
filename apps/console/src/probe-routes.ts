import type { FastifyInstance } from 'fastify';
import type { ConsoleOptions } from './options.ts';

const openMetrics = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** For orchestrators and Prometheus; open, as they hold no key. */
export function addProbeRoutes(app: FastifyInstance, { admin }: ConsoleOptions): void {
  app.get('/live', async () => ({ ok: true }));

  app.get('/ready', async (_request, reply) => {
    const ready = admin.ready();
    reply.code(ready.ok ? 200 : 503).header('cache-control', 'no-store');
    return ready;
  });

  app.get('/metrics', async (_request, reply) => {
    const text = await admin.metrics();
    reply.type(text.endsWith('# EOF\n') ? openMetrics : 'text/plain; version=0.0.4; charset=utf-8');
    return text;
  });
}
