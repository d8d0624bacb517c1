import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KeyRing } from '@spillway/keys';
import type { MetricsRegistry } from '@spillway/metrics';
import { messageOf } from '@spillway/resilience';
import {
  type Component,
  type ComponentHealth,
  createLimitedHttpServer,
  type Health,
  limitConnections,
  metricsAccess,
  type ProbeAccess,
  readyAccess,
} from '@spillway/runtime';

export interface AdminServerOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  connectionsMax: number;
  keys?: Pick<KeyRing, 'find'> | undefined;
  metrics: Pick<MetricsRegistry, 'text' | 'contentType'>;
  health: () => ComponentHealth[];
}

/** `/live`, `/ready` and `/metrics` of a process without a console, for what watches over it. */
export class AdminServer implements Component {
  readonly name = 'admin';
  readonly #options: AdminServerOptions;
  #server: Server | undefined;

  constructor(options: AdminServerOptions) {
    this.#options = options;
  }

  /** Empty before `start`. */
  get address(): string {
    const { port } = (this.#server?.address() ?? {}) as Partial<AddressInfo>;
    return port === undefined ? '' : `http://${this.#options.host}:${port}`;
  }

  async start(): Promise<void> {
    const { host, port } = this.#options;
    const server = createLimitedHttpServer(
      (request, response) => void this.#answer(request, response),
    );
    this.#server = server;
    limitConnections(server, { connectionsMax: this.#options.connectionsMax });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (!server?.listening) return;
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  health(): Health {
    return { ok: this.#server?.listening === true, detail: this.address };
  }

  async #answer({ url, headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    const { host, keys } = this.#options;
    const { authorization } = headers;
    const question = { host, keys, authorization };
    response.setHeader('cache-control', 'no-store');
    if (url === '/metrics') return await this.#metrics(metricsAccess(question), response);
    const components = url === '/ready' ? this.#options.health() : [];
    const ok = components.every((component) => component.ok);
    if (url === '/live') return send(response, 200, { ok });
    if (url === '/ready') {
      const { isWhole } = readyAccess(question);
      return send(response, ok ? 200 : 503, isWhole ? { ok, components } : { ok });
    }
    send(response, 404, { message: 'this port serves /live, /ready and /metrics' });
  }

  async #metrics(access: ProbeAccess, response: ServerResponse): Promise<void> {
    if (access.status !== 200) {
      if (access.status === 401) response.setHeader('www-authenticate', 'Bearer');
      const message = 'an API key with the scope metrics is required (Authorization: Bearer)';
      return send(response, access.status, { message });
    }
    const { metrics } = this.#options;
    try {
      const text = await metrics.text({ tenants: access.isWhole });
      response.writeHead(200, { 'content-type': metrics.contentType }).end(text);
    } catch (error) {
      send(response, 503, { message: `the metrics cannot be read: ${messageOf(error)}` });
    }
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
