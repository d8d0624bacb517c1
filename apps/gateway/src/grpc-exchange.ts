import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Signal } from '@spillway/otlp';
import type { ConnectionShare } from './connection-share.ts';
import type { Delivery } from './delivery.ts';
import {
  bodyCrumbled,
  bodyTooLarge,
  bodyTooSlow,
  dismiss,
  type Guest,
  guarded,
  type House,
  outcomeOf,
  receive,
  timedOut,
} from './door.ts';
import type { GrowingBytes } from './growing-bytes.ts';
import { sendDelivery, sendRefusal } from './grpc-answer.ts';
import { timeoutMsOf, UnaryReader } from './grpc-message.ts';
import { type Encoding, encodingOf } from './inflate.ts';
import { overloaded, Refusal } from './refusal.ts';
import type { PendingBody } from './slow-bodies.ts';

export interface GrpcExchangeOptions {
  house: House;
  stream: ServerHttp2Stream;
  headers: IncomingHttpHeaders;
  signal: Signal;
  connection: ConnectionShare;
}

/** A stream that is not closed so long after its answer has a client that does not read. */
const closeTimeoutMs = 5000;
/** For the answer to get there. */
const leaveMs = 100;

/** One OTLP/gRPC call from its headers to its trailers. */
export class GrpcExchange implements PendingBody {
  readonly #options: GrpcExchangeOptions;
  readonly startedMs: number;
  readonly #reader = new UnaryReader();
  readonly #encoding: Encoding | undefined;
  #timer: NodeJS.Timeout;
  #guest: Guest | undefined;
  /** Once its length is known. */
  #body: GrowingBytes | undefined;
  #answered = false;

  constructor(options: GrpcExchangeOptions) {
    this.#options = options;
    const { house, headers, stream } = options;
    this.startedMs = house.nowMs();
    this.#encoding = encodingOf(headers['grpc-encoding'] as string | undefined);
    this.#timer = this.#deadline(timeoutMsOf(headers['grpc-timeout'] as string | undefined));
    stream.once(
      'close',
      this.#step(() => this.#onClose()),
    );
  }

  get arrivedBytes(): number {
    return this.#body?.length ?? 0;
  }

  cut(): void {
    this.#answer(bodyTooSlow(this.#options.house));
  }

  /** The door guards it. */
  run(): void {
    const { house, headers, signal, stream, connection } = this.#options;
    if (!this.#encoding) {
      const message = `grpc-encoding must be gzip, deflate, zstd or identity, not ${headers['grpc-encoding']}`;
      this.#answer(new Refusal('content-encoding', message));
      return;
    }
    const { authorization } = headers;
    const guest = receive(house, {
      ...{ signal, bytes: 0, connection },
      ...(authorization && { authorization }),
    });
    if (guest instanceof Refusal) {
      this.#answer(guest);
      return;
    }
    this.#guest = guest;
    house.slowBodies.add(this);
    stream.on(
      'data',
      this.#step((chunk: Buffer) => this.#onData(chunk)),
    );
    stream.once(
      'end',
      this.#step(() => this.#onEnd()),
    );
  }

  #deadline(clientMs = Number.POSITIVE_INFINITY): NodeJS.Timeout {
    const { house } = this.#options;
    const ownMs = house.config.answerTimeoutMs;
    const message = `the deadline of ${clientMs} ms has passed`;
    const refusal = (): Refusal =>
      clientMs >= ownMs ? timedOut(house) : overloaded('deadline', message);
    const onTimeout = this.#step(() => this.#answer(refusal()));
    return setTimeout(onTimeout, Math.min(clientMs, ownMs));
  }

  #onData(chunk: Buffer): void {
    if (this.#answered) return;
    const part = this.#reader.push(chunk);
    if (!part) {
      this.#answer(new Refusal('wrong-framing', 'more than one message in a unary call'));
      return;
    }
    const { prefix } = this.#reader;
    if (!prefix) return;
    const refusal = this.#announce(prefix.bytes) ?? this.#arrive(part);
    if (refusal) this.#answer(refusal);
    else if (this.#body?.isCrumbled) {
      this.#answer(bodyCrumbled());
      this.#leave();
    }
  }

  /** No library sends such a body: its connection would go on with the next. */
  #leave(): void {
    const { session } = this.#options.stream;
    session?.close();
    const timer = setTimeout(() => session?.destroy(), leaveMs);
    session?.once('close', () => clearTimeout(timer));
  }

  #announce(bytes: number): Refusal | undefined {
    if (this.#body) return undefined;
    const { bodyBytesMax } = this.#options.house.config;
    if (bytes > bodyBytesMax) return bodyTooLarge(bodyBytesMax);
    const { ticket } = this.#guest as Guest;
    this.#body = ticket.body({ expected: bytes, bytesMax: bodyBytesMax });
    return ticket.announce(bytes);
  }

  #arrive(part: Uint8Array): Refusal | undefined {
    this.#guest?.ticket.arrived(part.length);
    return this.#body?.push(part);
  }

  async #onEnd(): Promise<void> {
    if (this.#answered) return;
    this.#options.house.slowBodies.delete(this);
    const { prefix, complete } = this.#reader;
    const body = this.#body;
    if (!prefix || !complete || !body) {
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
    this.#body = undefined;
    const result = await house.ingest.take({
      signal,
      format: 'protobuf',
      encoding: prefix.compressed ? (this.#encoding as Encoding) : 'identity',
      tenant,
      ticket,
      body,
      traceparent: headers.traceparent as string | undefined,
      receivedMs: house.wallMs(),
      cancelled: () => this.#answered,
    });
    this.#answer(result);
  }

  #answer(result: Delivery | Refusal): void {
    if (this.#answered) return;
    const { stream, signal } = this.#options;
    this.#conclude(result);
    if (result instanceof Refusal) sendRefusal(stream, result);
    else sendDelivery(stream, result, signal);
    if (stream.destroyed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => stream.destroy(), closeTimeoutMs);
  }

  /** The client may have cancelled. */
  #onClose(): void {
    clearTimeout(this.#timer);
    if (!this.#answered) this.#conclude(undefined);
  }

  /** Undefined: the client has gone. */
  #conclude(result: Delivery | Refusal | undefined): void {
    this.#answered = true;
    this.#options.house.slowBodies.delete(this);
    this.#body = undefined;
    dismiss(this.#guest, result instanceof Refusal ? result : undefined);
    this.#guest = undefined;
    this.#options.house.stats.answered({
      signal: this.#options.signal,
      protocol: 'grpc',
      code: result ? outcomeOf(result) : 'gone',
      tookMs: this.#options.house.nowMs() - this.startedMs,
    });
  }

  #step<Args extends unknown[]>(handler: (...args: Args) => void | Promise<void>) {
    const { house, stream } = this.#options;
    return guarded(house, { where: 'gRPC request', end: () => stream.destroy() }, handler);
  }
}
