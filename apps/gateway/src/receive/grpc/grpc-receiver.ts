import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { grpcServiceOf, signals } from '@spillway/otlp';
import { limitConnections } from '@spillway/runtime';
import { ConnectionShare } from '../../admit/connection-share.ts';
import { Refusal } from '../../model/refusal.ts';
import { addressOf, close, listen } from '../listening.ts';
import { connectionAgeMs, guarded, type Receiver, type ReceiverContext } from '../receiver.ts';
import type { TlsFiles } from '../tls-files.ts';
import { sendHttpStatus, sendRefusal } from './grpc-answer.ts';
import { GrpcExchange } from './grpc-exchange.ts';
import { answerHealth, healthPath } from './grpc-health.ts';

const signalByPath = new Map(signals.map((signal) => [`/${grpcServiceOf[signal]}/Export`, signal]));
const services = new Set(Object.values(grpcServiceOf));

/** What a connection and a stream may send before we have read it. */
const streamWindowBytes = 1024 * 1024;
const sessionWindowBytes = 4 * 1024 * 1024;
/** After GOAWAY, calls in flight have the answer time-out and this. */
const goawayGraceMs = 2000;

/**
 * Receives OTLP/gRPC: unary calls framed by hand on node:http2, at a third of the cost of
 * @grpc/grpc-js. Rapid resets, ping and settings floods are cut by nghttp2's and Node's own limits.
 * Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export class GrpcReceiver implements Receiver {
  readonly #context: ReceiverContext;
  readonly #ready: () => boolean;
  readonly #server: Http2Server | Http2SecureServer;
  readonly #sessions = new Map<ServerHttp2Session, ConnectionShare>();

  constructor(context: ReceiverContext, ready: () => boolean) {
    this.#context = context;
    this.#ready = ready;
    const { config } = context;
    const options = {
      maxHeaderListPairs: 64,
      maxSessionMemory: 64,
      unknownProtocolTimeout: config.headersTimeoutMs,
      settings: {
        initialWindowSize: streamWindowBytes,
        maxConcurrentStreams: config.streamsPerConnectionMax,
        maxHeaderListSize: config.headerBytesMax,
      },
      handshakeTimeout: config.headersTimeoutMs,
    };
    this.#server = context.tls
      ? followed(createSecureServer(options), context.tls)
      : createServer(options);
    limitConnections(this.#server, config);
    this.#server.on('session', (session) => {
      const end = (): void => session.destroy();
      guarded(context, { where: 'gRPC connection', end }, () => this.#onSession(session))();
    });
    this.#server.on('stream', (stream, headers) => {
      const end = (): void => void stream.destroy();
      guarded(context, { where: 'gRPC request', end }, () => this.#onStream(stream, headers))();
    });
    this.#server.on('sessionError', () => undefined); // The client's; its connection is closed.
  }

  get address(): string {
    return addressOf(this.#server, this.#context.config.grpcHost);
  }

  get connections(): number {
    return this.#sessions.size;
  }

  listen(): Promise<void> {
    const { grpcHost: host, grpcPort: port } = this.#context.config;
    return listen(this.#server, { host, port });
  }

  /** GOAWAY: clients open new connections elsewhere, and their calls in flight are finished. */
  close(abort: AbortSignal): Promise<void> {
    const each = (end: (session: ServerHttp2Session) => void) => (): void => {
      for (const session of this.#sessions.keys()) end(session);
    };
    const announce = each((session) => session.close());
    return close(this.#server, { announce, cut: each((session) => session.destroy()), abort });
  }

  #onSession(session: ServerHttp2Session): void {
    const { headersTimeoutMs, idleTimeoutMs, answerTimeoutMs } = this.#context.config;
    this.#sessions.set(session, new ConnectionShare());
    session.setLocalWindowSize(sessionWindowBytes);
    session.setTimeout(idleTimeoutMs, () => session.close());
    const cut = (): void => session.destroy();
    const preface = setTimeout(cut, headersTimeoutMs);
    session.once('remoteSettings', () => clearTimeout(preface));
    let grace: NodeJS.Timeout | undefined;
    const age = setTimeout(() => {
      session.close();
      grace = setTimeout(cut, answerTimeoutMs + goawayGraceMs);
    }, connectionAgeMs(this.#context.config));
    session.on('error', () => undefined); // The client's; 'close' follows.
    session.once('close', () => {
      for (const timer of [preface, age, grace]) clearTimeout(timer);
      this.#sessions.delete(session);
    });
  }

  #onStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    stream.on('error', () => undefined); // The client's; 'close' follows.
    const path = headers[':path'] ?? '';
    const signal = signalByPath.get(path);
    const context = this.#context;
    const connection = stream.session && this.#sessions.get(stream.session as ServerHttp2Session);
    if (!connection) {
      stream.destroy(); // Its connection is gone.
      return;
    }
    if (headers[':method'] !== 'POST') sendHttpStatus(stream, 405);
    else if (!isGrpc(headers['content-type'])) sendHttpStatus(stream, 415);
    else if (signal) new GrpcExchange({ context, stream, headers, signal, connection }).run();
    else if (path === healthPath) answerHealth(stream, { context, services, ready: this.#ready });
    else {
      const refusal = new Refusal('unknown-path', `there is no method ${path}`);
      const answer = {
        signal: undefined,
        protocol: 'grpc',
        code: refusal.code,
        tookMs: 0,
      } as const;
      this.#context.stats.answered(answer);
      sendRefusal(stream, refusal);
    }
  }
}

function isGrpc(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/grpc(\+proto)?(;|$)/.test(contentType);
}

function followed(server: Http2SecureServer, tls: TlsFiles): Http2SecureServer {
  tls.follow((certificate) => server.setSecureContext(certificate));
  return server;
}
