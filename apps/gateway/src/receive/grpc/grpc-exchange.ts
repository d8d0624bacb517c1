import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Signal } from '@spillway/otlp';
import type { ConnectionShare } from '../../admit/connection-share.ts';
import { overloaded, Refusal } from '../../model/refusal.ts';
import type { PublishResult } from '../../publish/pending-request.ts';
import { type Encoding, encodingOf } from '../../slice/inflate.ts';
import { Exchange } from '../exchange.ts';
import { bodyTooLarge, type ReceiverContext } from '../receiver.ts';
import { sendRefusal, sendResult } from './grpc-answer.ts';
import { timeoutMsOf, UnaryReader } from './grpc-message.ts';

export interface GrpcExchangeOptions {
  context: ReceiverContext;
  stream: ServerHttp2Stream;
  headers: IncomingHttpHeaders;
  signal: Signal;
  connection: ConnectionShare;
}

/** How long an answer has to leave before its connection is closed. */
const lastAnswerMs = 100;

/** One OTLP/gRPC call, from its headers to its trailers. */
export class GrpcExchange {
  readonly #options: GrpcExchangeOptions;
  readonly #exchange: Exchange;
  readonly #reader = new UnaryReader();

  constructor(options: GrpcExchangeOptions) {
    this.#options = options;
    const { context, headers, stream, signal, connection } = options;
    const deadlineMs = timeoutMsOf(headers['grpc-timeout'] as string | undefined);
    this.#exchange = new Exchange({
      context,
      connection,
      where: 'gRPC request',
      protocol: 'grpc',
      send: (result) => this.#send(result),
      destroy: () => stream.destroy(),
      deadlineMs,
      onDeadline: () => overloaded('deadline', `the deadline of ${deadlineMs} ms has passed`),
    });
    this.#exchange.signal = signal;
    const closed = (): void => this.#exchange.closed();
    stream.once('close', this.#exchange.guard(closed));
  }

  /** The receiver guards it. */
  run(): void {
    const { headers, signal, stream } = this.#options;
    const encoding = encodingOf(headers['grpc-encoding'] as string | undefined);
    if (!encoding) {
      const message = `grpc-encoding must be gzip, deflate, zstd or identity, not ${headers['grpc-encoding']}`;
      this.#exchange.answer(new Refusal('content-encoding', message));
      return;
    }
    const { authorization } = headers;
    // How large the message is stands at its begin.
    const refusal = this.#exchange.admit({ signal, bytes: 0, authorization });
    if (refusal) {
      this.#exchange.answer(refusal);
      return;
    }
    const onData = (chunk: Buffer): void => this.#onData(chunk);
    const onEnd = (): Promise<void> => this.#onEnd(encoding);
    stream.on('data', this.#exchange.guard(onData));
    stream.once('end', this.#exchange.guard(onEnd));
  }

  #onData(chunk: Buffer): void {
    if (this.#exchange.isAnswered) return;
    const part = this.#reader.push(chunk);
    if (!part) {
      const message = 'more than one message in a unary call';
      this.#exchange.answer(new Refusal('wrong-framing', message));
      return;
    }
    const { prefix } = this.#reader;
    if (!prefix) return;
    const refusal = this.#announce(prefix.bytes) ?? this.#exchange.receive(part);
    if (!refusal) return;
    this.#exchange.answer(refusal);
    if (refusal.code === 'wrong-framing') this.#closeConnection();
  }

  #announce(bytes: number): Refusal | undefined {
    if (this.#exchange.hasBody) return undefined;
    const { bodyBytesMax } = this.#options.context.config;
    if (bytes > bodyBytesMax) return bodyTooLarge(bodyBytesMax);
    this.#exchange.expectBody({ expected: bytes, bytesMax: bodyBytesMax });
    return this.#exchange.announce(bytes);
  }

  async #onEnd(encoding: Encoding): Promise<void> {
    if (this.#exchange.isAnswered) return;
    const { prefix, complete } = this.#reader;
    if (!prefix || !complete || !this.#exchange.hasBody) {
      const message = 'the call ended before its message was complete';
      this.#exchange.answer(new Refusal('malformed', message));
      return;
    }
    if (prefix.compressed && encoding === 'identity') {
      const message = 'the message is marked compressed, but grpc-encoding names no compression';
      this.#exchange.answer(new Refusal('wrong-framing', message));
      return;
    }
    const { headers, signal } = this.#options;
    await this.#exchange.process({
      signal,
      format: 'protobuf',
      encoding: prefix.compressed ? encoding : 'identity',
      traceparent: headers.traceparent as string | undefined,
    });
  }

  #send(result: PublishResult | Refusal): void {
    const { stream, signal } = this.#options;
    if (result instanceof Refusal) sendRefusal(stream, result);
    else sendResult(stream, result, signal);
  }

  /** No library sends such a body: its connection would go on with the next. */
  #closeConnection(): void {
    const { session } = this.#options.stream;
    session?.close();
    const timer = setTimeout(() => session?.destroy(), lastAnswerMs);
    session?.once('close', () => clearTimeout(timer));
  }
}
