import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type Component,
  type ComponentHealth,
  type Health,
  limitConnections,
  type Metrics,
} from '@spillway/runtime';

export interface AdminServerOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  connectionsMax: number;
  metrics: Metrics;
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
    const server = createServer((request, response) => void this.#answer(request, response));
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

  async #answer({ url }: IncomingMessage, response: ServerResponse): Promise<void> {
    const { metrics, health } = this.#options;
    response.setHeader('cache-control', 'no-store');
    if (url === '/metrics') {
      const text = await metrics.text();
      response.writeHead(200, { 'content-type': metrics.contentType }).end(text);
      return;
    }
    const components = url === '/ready' ? health() : [];
    const ok = components.every((component) => component.ok);
    const known = url === '/live' || url === '/ready';
    const body = known ? { ok, components } : { message: 'here are /live, /ready and /metrics' };
    response
      .writeHead(known ? (ok ? 200 : 503) : 404, { 'content-type': 'application/json' })
      .end(JSON.stringify(body));
  }
}
