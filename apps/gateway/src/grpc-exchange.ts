import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Signal } from '@spillway/otlp';
import type { Delivery } from './delivery.ts';
import { bodyTooLarge, type Guest, type House, outcomeOf, receive, timedOut } from './door.ts';
import { sendDelivery, sendRefusal } from './grpc-answer.ts';
import { timeoutMsOf, UnaryReader } from './grpc-message.ts';
import { type Encoding, encodingOf } from './inflate.ts';
import { overloaded, Refusal } from './refusal.ts';

export interface GrpcExchangeOptions {
  house: House;
  stream: ServerHttp2Stream;
  headers: IncomingHttpHeaders;
  signal: Signal;
}

/** A stream that is not closed so long after its answer has a client that does not read. */
const closeTimeoutMs = 5000;

/** One OTLP/gRPC call from its headers to its trailers. */
export class GrpcExchange {
  readonly #options: GrpcExchangeOptions;
  readonly #startedMs: number;
  readonly #reader = new UnaryReader();
  readonly #encoding: Encoding | undefined;
  #timer: NodeJS.Timeout;
  #guest: Guest | undefined;
  #announced = false;
  #answered = false;

  constructor(options: GrpcExchangeOptions) {
    this.#options = options;
    const { house, headers, stream } = options;
    this.#startedMs = house.nowMs();
    this.#encoding = encodingOf(headers['grpc-encoding'] as string | undefined);
    this.#timer = this.#deadline(timeoutMsOf(headers['grpc-timeout'] as string | undefined));
    stream.once('close', () => this.#onClose());
  }

  run(): void {
    const { house, headers, signal, stream } = this.#options;
    if (!this.#encoding) {
      const message = `grpc-encoding must be gzip, deflate, zstd or identity, not ${headers['grpc-encoding']}`;
      this.#answer(new Refusal('content-encoding', message));
      return;
    }
    const { authorization } = headers;
    const guest = receive(house, { signal, bytes: 0, ...(authorization && { authorization }) });
    if (guest instanceof Refusal) {
      this.#answer(guest);
      return;
    }
    this.#guest = guest;
    stream.on('data', (chunk: Buffer) => this.#onData(chunk));
    stream.once('end', () => void this.#onEnd());
  }

  #deadline(clientMs = Number.POSITIVE_INFINITY): NodeJS.Timeout {
    const { house } = this.#options;
    const ownMs = house.config.answerTimeoutMs;
    if (clientMs >= ownMs) return setTimeout(() => this.#answer(timedOut(house)), ownMs);
    const message = `the deadline of ${clientMs} ms has passed`;
    return setTimeout(() => this.#answer(overloaded('deadline', message)), clientMs);
  }

  #onData(chunk: Buffer): void {
    if (this.#answered) return;
    if (!this.#reader.push(chunk)) {
      this.#answer(new Refusal('wrong-framing', 'more than one message in a unary call'));
      return;
    }
    const { prefix } = this.#reader;
    if (!prefix || this.#announced) return;
    this.#announced = true;
    const { bodyBytesMax } = this.#options.house.config;
    const refusal =
      prefix.bytes > bodyBytesMax
        ? bodyTooLarge(bodyBytesMax)
        : this.#guest?.ticket.announce(prefix.bytes);
    if (refusal) this.#answer(refusal);
  }

  async #onEnd(): Promise<void> {
    if (this.#answered) return;
    const { prefix, complete, chunks } = this.#reader;
    if (!prefix || !complete) {
      this.#answer(new Refusal('malformed', 'the call ended before its message was complete'));
      return;
    }
    if (prefix.compressed && this.#encoding === 'identity') {
      const message = 'the message is marked compressed, but grpc-encoding names no compression';
      this.#answer(new Refusal('wrong-framing', message));
      return;
    }
    const { house, headers, signal } = this.#options;
    const { tenant, ticket } = this.#guest as Guest;
    this.#guest = undefined;
    const result = await house.ingest.take({
      signal,
      format: 'protobuf',
      encoding: prefix.compressed ? (this.#encoding as Encoding) : 'identity',
      tenant,
      ticket,
      chunks,
      traceparent: headers.traceparent as string | undefined,
      receivedMs: house.wallMs(),
      cancelled: () => this.#answered,
    });
    this.#answer(result);
  }

  #answer(result: Delivery | Refusal): void {
    if (this.#answered) return;
    const { stream, signal } = this.#options;
    this.#conclude(outcomeOf(result));
    if (stream.destroyed) return;
    if (result instanceof Refusal) sendRefusal(stream, result);
    else sendDelivery(stream, result, signal);
    if (stream.closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => stream.destroy(), closeTimeoutMs);
  }

  /** The client may have cancelled. */
  #onClose(): void {
    clearTimeout(this.#timer);
    if (!this.#answered) this.#conclude('gone');
  }

  #conclude(code: string): void {
    this.#answered = true;
    this.#reader.chunks = [];
    this.#guest?.ticket.leave();
    this.#guest = undefined;
    this.#options.house.stats.answered({
      signal: this.#options.signal,
      protocol: 'grpc',
      code,
      tookMs: this.#options.house.nowMs() - this.#startedMs,
    });
  }
}
