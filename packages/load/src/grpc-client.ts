import http2 from 'node:http2';
import type { Signal } from '@spillway/otlp';
import { messageOf } from '@spillway/resilience';
import { readPartialSuccess, readStatus } from './answer-bytes.ts';
import type { Answer, Client, ClientOptions, OutgoingRequest } from './client.ts';
import { compress } from './compress.ts';

const serviceOf: Readonly<Record<Signal, string>> = {
  traces: 'trace.v1.TraceService',
  metrics: 'metrics.v1.MetricsService',
  logs: 'logs.v1.LogsService',
};

/** CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS. */
const retryable = new Set([1, 4, 10, 11, 14, 15]);
/** Retryable only when the server says when. */
const resourceExhausted = 8;
const frameHeadBytes = 5;
const answerBytesMax = 1024 * 1024;

interface Response {
  httpStatus: number;
  /** gRPC status of the trailers, or of the headers when there is nothing else. */
  status: number | undefined;
  message: string;
  details: Uint8Array | undefined;
  body: Buffer;
}

/**
 * OTLP/gRPC: unary calls, framed by hand, all on one HTTP/2 connection that is replaced when it
 * breaks or the server asks to leave.
 * Source: grpc `doc/PROTOCOL-HTTP2.md`.
 */
export function createGrpcClient(options: ClientOptions): Client {
  const connection = new Connection(options.endpoint);
  return {
    async send(request, abort) {
      try {
        return answerOf(await call(connection.session(), options, request, abort));
      } catch (error) {
        abort.throwIfAborted();
        return { status: 'retry', afterMs: undefined, message: messageOf(error) };
      }
    },
    close: () => connection.close(),
  };
}

class Connection {
  readonly #authority: string;
  #session: http2.ClientHttp2Session | undefined;

  constructor(authority: string) {
    this.#authority = authority;
  }

  session(): http2.ClientHttp2Session {
    if (this.#session && !this.#session.closed && !this.#session.destroyed) return this.#session;
    const session = http2.connect(this.#authority);
    // Every call on the session fails with the same error, and reports it.
    session.on('error', () => {});
    session.on('goaway', () => {
      if (this.#session === session) this.#session = undefined;
      session.close();
    });
    this.#session = session;
    return session;
  }

  close(): void {
    this.#session?.destroy();
  }
}

async function call(
  session: http2.ClientHttp2Session,
  options: ClientOptions,
  { signal: kind, body }: OutgoingRequest,
  abort: AbortSignal,
): Promise<Response> {
  const packed = await compress(body, options.compression);
  const limit = AbortSignal.any([abort, AbortSignal.timeout(options.timeoutMs)]);
  const stream = session.request(
    {
      ':method': 'POST',
      ':path': `/opentelemetry.proto.collector.${serviceOf[kind]}/Export`,
      'content-type': 'application/grpc',
      te: 'trailers',
      'grpc-timeout': `${options.timeoutMs}m`,
      ...(options.compression === 'none' ? {} : { 'grpc-encoding': options.compression }),
      ...(options.key === undefined ? {} : { authorization: `Bearer ${options.key}` }),
    },
    { signal: limit },
  );
  const head = Buffer.alloc(frameHeadBytes);
  head.writeUInt8(options.compression === 'none' ? 0 : 1, 0);
  head.writeUInt32BE(packed.length, 1);
  stream.write(head);
  stream.end(packed);
  return read(stream);
}

function read(stream: http2.ClientHttp2Stream): Promise<Response> {
  return new Promise((resolve, reject) => {
    let headers: http2.IncomingHttpHeaders = {};
    let trailers: http2.IncomingHttpHeaders = {};
    const parts: Buffer[] = [];
    let bytes = 0;
    stream.on('response', (received) => {
      headers = received;
    });
    stream.on('trailers', (received) => {
      trailers = received;
    });
    stream.on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes > answerBytesMax) stream.destroy(new Error('the answer is too large'));
      parts.push(part);
    });
    stream.on('error', reject);
    stream.on('close', () => {
      const said = { ...headers, ...trailers };
      const details = said['grpc-status-details-bin'];
      resolve({
        httpStatus: Number(headers[':status'] ?? 0),
        status: said['grpc-status'] === undefined ? undefined : Number(said['grpc-status']),
        message: percentDecoded(String(said['grpc-message'] ?? '')),
        details: details === undefined ? undefined : Buffer.from(String(details), 'base64'),
        body: Buffer.concat(parts),
      });
    });
  });
}

/** Decodes percent-encoding; leaves text that is not what the protocol says as it is. */
function percentDecoded(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}

function answerOf({ httpStatus, status, message, details, body }: Response): Answer {
  if (status === 0) {
    return { status: 'acknowledged', ...readPartialSuccess(body.subarray(frameHeadBytes)) };
  }
  if (status === undefined) {
    const text = `no grpc-status came (HTTP ${httpStatus})`;
    return { status: 'retry', afterMs: undefined, message: text };
  }
  const afterMs = details && readStatus(details).retryDelayMs;
  const text = `gRPC status ${status}: ${message}`;
  const again = retryable.has(status) || (status === resourceExhausted && afterMs !== undefined);
  return again ? { status: 'retry', afterMs, message: text } : { status: 'refused', message: text };
}
