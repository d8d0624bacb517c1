import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { cutConnection, limitConnections } from '@spillway/runtime';
import { ConnectionShare } from '../../admit/connection-share.ts';
import { addressOf, close, listen } from '../listening.ts';
import { connectionAgeMs, guarded, type Receiver, type ReceiverContext } from '../receiver.ts';
import type { TlsFiles } from '../tls-files.ts';
import { cors } from './cors.ts';
import { HttpExchange } from './http-exchange.ts';

interface Connection {
  /** Monotonic. */
  closeAtMs: number;
  /** Requests whose answers have not left yet. */
  open: number;
  share: ConnectionShare;
}

/**
 * Clients of OTLP send one request at a time on a connection. One that sends more before it has read
 * the answers (pipelining) is cut here: its answers would wait in our memory.
 */
const pipelinedMax = 8;

/** OTLP/HTTP. Source: opentelemetry-proto `docs/specification.md`, "OTLP/HTTP". */
export class HttpReceiver implements Receiver {
  readonly #context: ReceiverContext;
  readonly #server: Server | TlsServer;
  readonly #connections = new WeakMap<Socket, Connection>();
  #open = 0;

  constructor(context: ReceiverContext) {
    this.#context = context;
    const { config } = context;
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
    this.#server = context.tls
      ? followed(createTlsServer(options), context.tls)
      : createServer(options);
    limitConnections(this.#server, config);
    this.#server.timeout = idleTimeoutMs + answerTimeoutMs;
    const connected = context.tls ? 'secureConnection' : 'connection';
    this.#server.on(connected, (socket: Socket) => this.#onConnection(socket));
    const answer = (expectsContinue: boolean) => (req: IncomingMessage, res: ServerResponse) =>
      guarded(context, { where: 'HTTP request', end: () => req.socket.destroy() }, () =>
        this.#onRequest(req, res, expectsContinue),
      )();
    this.#server.on('request', answer(false));
    this.#server.on('checkContinue', answer(true));
  }

  get address(): string {
    return addressOf(this.#server, this.#context.config.httpHost);
  }

  get connections(): number {
    return this.#open;
  }

  listen(): Promise<void> {
    const { httpHost: host, httpPort: port } = this.#context.config;
    return listen(this.#server, { host, port });
  }

  close(abort: AbortSignal): Promise<void> {
    return close(this.#server, { cut: () => this.#server.closeAllConnections(), abort });
  }

  #onConnection(socket: Socket): void {
    this.#open += 1;
    socket.once('close', () => {
      this.#open -= 1;
    });
    const closeAtMs = this.#context.nowMs() + connectionAgeMs(this.#context.config);
    this.#connections.set(socket, { closeAtMs, open: 0, share: new ConnectionShare() });
  }

  #onRequest(req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): void {
    const { config } = this.#context;
    if (config.corsOrigins.length > 0 && cors(req, res, config.corsOrigins)) return;
    const connection = this.#connections.get(req.socket);
    if (!connection || connection.open >= pipelinedMax) {
      cutConnection(req);
      return;
    }
    connection.open += 1;
    const onClose = (): void => {
      connection.open -= 1;
    };
    const lastOfConnection = (): boolean =>
      this.#context.stopping() || this.#context.nowMs() > connection.closeAtMs;
    const { share } = connection;
    const exchange = { req, res, expectsContinue, lastOfConnection, onClose, connection: share };
    new HttpExchange({ context: this.#context, ...exchange }).run();
  }
}

function followed(server: TlsServer, tls: TlsFiles): TlsServer {
  tls.follow((certificate) => server.setSecureContext(certificate));
  return server;
}
