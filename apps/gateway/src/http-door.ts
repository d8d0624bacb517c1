import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { cors } from './cors.ts';
import { addressOf, connectionAgeMs, type Door, type House } from './door.ts';
import { HttpExchange } from './http-exchange.ts';
import type { TlsFiles } from './tls-files.ts';

/** OTLP/HTTP. Source: opentelemetry-proto `docs/specification.md`, "OTLP/HTTP". */
export class HttpDoor implements Door {
  readonly #house: House;
  readonly #server: Server | TlsServer;
  readonly #closeAtMs = new WeakMap<Socket, number>();
  #open = 0;

  constructor(house: House) {
    this.#house = house;
    const { config } = house;
    const { answerTimeoutMs, headersTimeoutMs, idleTimeoutMs } = config;
    const options = {
      maxHeaderSize: config.headerBytesMax,
      headersTimeout: headersTimeoutMs,
      // The exchange answers at answerTimeoutMs; this cuts who does not stop sending then.
      requestTimeout: Math.max(answerTimeoutMs + 2000, headersTimeoutMs),
      keepAliveTimeout: idleTimeoutMs,
      connectionsCheckingInterval: 1000,
      handshakeTimeout: headersTimeoutMs,
    };
    this.#server = house.tls
      ? followed(createTlsServer(options), house.tls)
      : createServer(options);
    this.#server.maxConnections = config.connectionsMax;
    this.#server.timeout = idleTimeoutMs + answerTimeoutMs;
    const connected = house.tls ? 'secureConnection' : 'connection';
    this.#server.on(connected, (socket: Socket) => this.#onConnection(socket));
    this.#server.on('request', (req, res) => this.#onRequest(req, res, false));
    this.#server.on('checkContinue', (req, res) => this.#onRequest(req, res, true));
  }

  get address(): string {
    return addressOf(this.#server, this.#house.config.httpHost);
  }

  get connections(): number {
    return this.#open;
  }

  listen(): Promise<void> {
    const { httpHost: host, httpPort: port } = this.#house.config;
    return new Promise((resolve, reject) => {
      // Stays: an error while accepting (no file descriptors left) must not end the process.
      this.#server.on('error', reject);
      this.#server.listen({ host, port }, resolve);
    });
  }

  close(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const cut = (): void => this.#server.closeAllConnections();
      signal.addEventListener('abort', cut, { once: true });
      this.#server.close(() => {
        signal.removeEventListener('abort', cut);
        resolve();
      });
      if (signal.aborted) cut();
    });
  }

  #onConnection(socket: Socket): void {
    this.#open += 1;
    socket.once('close', () => {
      this.#open -= 1;
    });
    this.#closeAtMs.set(socket, this.#house.nowMs() + connectionAgeMs(this.#house.config));
  }

  #onRequest(req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): void {
    const { config } = this.#house;
    if (config.corsOrigins.length > 0 && cors(req, res, config.corsOrigins)) return;
    const lastOfConnection = (): boolean => this.#house.stopping() || this.#isOld(req.socket);
    const exchange = { house: this.#house, req, res, expectsContinue, lastOfConnection };
    new HttpExchange(exchange).run();
  }

  #isOld(socket: Socket): boolean {
    return this.#house.nowMs() > (this.#closeAtMs.get(socket) ?? Number.POSITIVE_INFINITY);
  }
}

function followed(server: TlsServer, tls: TlsFiles): TlsServer {
  tls.follow((certificate) => server.setSecureContext(certificate));
  return server;
}
