import {
  type Component,
  ConfigError,
  createLimitedHttpServer,
  type Health,
  isLoopback,
  limitConnections,
} from '@spillway/runtime';
import Fastify, { type FastifyInstance } from 'fastify';
import type { ConsoleConfig } from './config.ts';
import { Freshness } from './fleet/freshness.ts';
import { addFailures } from './http/failures.ts';
import { addPage, builtPageFolder } from './http/page.ts';
import { parseQueryString } from './http/query-string.ts';
import { addSecurity } from './http/security.ts';
import { addOpenApi, addOpenApiRoute } from './openapi/openapi.ts';
import type { ConsoleOptions } from './options.ts';
import { unreadAnswers } from './query/answer-places.ts';
import { createApi, ownerOf } from './query/api.ts';
import { Turns } from './query/turns.ts';
import { addDeadLetterRoutes } from './routes/dead-letter-routes.ts';
import { addLogRoutes } from './routes/log-routes.ts';
import { addMetricRoutes } from './routes/metric-routes.ts';
import { addPipelineRoutes } from './routes/pipeline-routes.ts';
import { addProbeRoutes } from './routes/probe-routes.ts';
import { addServiceRoutes } from './routes/service-routes.ts';
import { addSessionRoutes } from './routes/session-routes.ts';
import { addTailRoute } from './routes/tail-route.ts';
import { addTraceRoutes } from './routes/trace-routes.ts';

export type { ConsoleOptions } from './options.ts';

/** The query API and the page, on one port. */
export interface Console extends Component {
  /** `http://host:port` while it listens. */
  readonly address: string | undefined;
}

const bodyBytesMax = 64 * 1024;

/** Creates the query API and the page; `start` opens the port. */
export function createConsole(options: ConsoleOptions): Console {
  const { host, port } = options.config;
  let app: FastifyInstance | undefined;
  let address: string | undefined;
  return {
    name: 'console',
    get address() {
      return address;
    },
    async start() {
      checkConsoleConfig(options.config);
      app = await build(options);
      address = await app.listen({ host, port });
    },
    async stop() {
      const closing = app;
      app = undefined;
      address = undefined;
      await closing?.close();
    },
    health(): Health {
      return address
        ? { ok: true, detail: `listening on ${address}` }
        : { ok: false, detail: 'not listening' };
    },
  };
}

/**
 * Refuses a port beyond loopback without API keys, since anyone who reaches it could read
 * everything.
 * @throws ConfigError which names `console.host`
 */
export function checkConsoleConfig({ host, keysFile }: ConsoleConfig): void {
  if (keysFile || isLoopback(host)) return;
  const wanted = 'a loopback address, or console.keysFile set';
  throw new ConfigError([
    { key: 'console.host', wanted, got: `"${host}" without API keys`, source: 'console' },
  ]);
}

async function build(options: ConsoleOptions): Promise<FastifyInstance> {
  const { config, report } = options;
  const app = Fastify({
    bodyLimit: bodyBytesMax,
    serverFactory: (handler) => {
      const unreadBytesMax = unreadAnswers * config.answerBytesMax;
      const server = createLimitedHttpServer(handler, { unreadBytesMax, ownerOf });
      limitConnections(server, config);
      return server;
    },
    forceCloseConnections: 'idle',
    routerOptions: {
      maxParamLength: 1_000,
      ignoreTrailingSlash: true,
      querystringParser: parseQueryString,
    },
  });
  app.removeContentTypeParser('text/plain');
  await addSecurity(app, config.host);
  addFailures(app, report);
  await addOpenApi(app);
  const turns = new Turns(config);
  const api = createApi(app, { options, turns, freshness: new Freshness(options) });
  addServiceRoutes(api);
  addTraceRoutes(api);
  addLogRoutes(api);
  addTailRoute(api, app);
  addMetricRoutes(api);
  addPipelineRoutes(api);
  addDeadLetterRoutes(api, app);
  addSessionRoutes(app, options);
  addOpenApiRoute(app);
  addProbeRoutes(app, options);
  app.get('/api/*', { schema: { hide: true } }, (_request, reply) => reply.callNotFound());
  const folder = options.pageFolder ?? builtPageFolder;
  if (!(await addPage(app, folder))) report?.({ type: 'page-missing', folder });
  await app.ready();
  return app;
}
