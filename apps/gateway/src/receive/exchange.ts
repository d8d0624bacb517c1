import type { Signal } from '@spillway/otlp';
import type { ConnectionShare } from '../admit/connection-share.ts';
import { Refusal } from '../model/refusal.ts';
import type { Protocol } from '../model/stats.ts';
import type { PublishResult } from '../publish/pending-request.ts';
import type { ReceivedRequest } from '../slice/ingest.ts';
import type { GrowingBytes } from './growing-bytes.ts';
import {
  type AdmittedRequest,
  admit,
  bodyInTooSmallPieces,
  bodyTooLarge,
  bodyTooSlow,
  guarded,
  outcomeOf,
  type ReceiverContext,
  releaseUnserved,
  timedOut,
} from './receiver.ts';
import type { PendingBody } from './slow-bodies.ts';

export interface ExchangeOptions {
  context: ReceiverContext;
  protocol: Protocol;
  /** What it is called in reports of internal errors, e.g. `HTTP request`. */
  where: string;
  connection: ConnectionShare;
  /** Sends the answer; called once at most. */
  send: (result: PublishResult | Refusal) => void;
  /** Ends the connection or the stream, without an answer. */
  destroy: () => void;
  /** How long the client waits for its answer, if it says so. */
  deadlineMs?: number | undefined;
  /** The answer when the client's own deadline has passed. */
  onDeadline?: () => Refusal;
}

/** An answer that has not left by then has a client that does not read. */
const closeTimeoutMs = 5000;

/**
 * One request from its headers to its answer, the same for both protocols: admission, the body as it
 * comes, time-outs, exactly one answer, and what is released whatever happens.
 */
export class Exchange implements PendingBody {
  readonly #options: ExchangeOptions;
  readonly startedMs: number;
  /** Undefined until it is known. */
  signal: Signal | undefined;
  #timer: NodeJS.Timeout;
  #admitted: AdmittedRequest | undefined;
  #body: GrowingBytes | undefined;
  #bodyBytesMax = 0;
  #isAnswered = false;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    const { context, deadlineMs = Number.POSITIVE_INFINITY, onDeadline } = options;
    this.startedMs = context.nowMs();
    const ownMs = context.config.answerTimeoutMs;
    const refusal = (): Refusal =>
      onDeadline && deadlineMs < ownMs ? onDeadline() : timedOut(context);
    const onTimeout = this.guard(() => this.answer(refusal()));
    this.#timer = setTimeout(onTimeout, Math.min(deadlineMs, ownMs));
  }

  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  get arrivedBytes(): number {
    return this.#body?.length ?? 0;
  }

  /** Whether the memory for the body was taken. */
  get hasBody(): boolean {
    return this.#body !== undefined;
  }

  /** Its body came too slowly. */
  cut(): void {
    this.answer(bodyTooSlow(this.#options.context));
  }

  /** A handler of an event; an error that it did not foresee ends this exchange alone. */
  guard<Args extends unknown[]>(
    handler: (...args: Args) => void | Promise<void>,
  ): (...args: Args) => void {
    const { context, where, destroy } = this.#options;
    return guarded(context, { where, end: destroy }, handler);
  }

  /** Authenticates and admits; from now on its body has to come fast enough. */
  admit(request: {
    signal: Signal;
    /** Announced; 0 when they are not. */
    bytes: number;
    authorization: string | undefined;
  }): Refusal | undefined {
    const { context, connection } = this.#options;
    const admitted = admit(context, { ...request, connection });
    if (admitted instanceof Refusal) return admitted;
    this.#admitted = admitted;
    context.slowBodies.add(this);
    return undefined;
  }

  /** `expected` is the length that the client announced; what comes beyond `bytesMax` is refused. */
  expectBody(size: { expected: number | undefined; bytesMax: number }): void {
    this.#bodyBytesMax = size.bytesMax;
    this.#body = this.#admitted?.permit.body(size);
  }

  /** Counts bytes on the quota that were announced after the admission. */
  announce(bytes: number): Refusal | undefined {
    return this.#admitted?.permit.announce(bytes);
  }

  /** Takes the next bytes of the body. */
  receive(chunk: Uint8Array): Refusal | undefined {
    const body = this.#body as GrowingBytes;
    this.#admitted?.permit.received(chunk.length);
    if (body.length + chunk.length > this.#bodyBytesMax) return bodyTooLarge(this.#bodyBytesMax);
    const refusal = body.push(chunk);
    return refusal ?? (body.isCrumbled ? bodyInTooSmallPieces() : undefined);
  }

  /** The body is whole: it is published, and answered. */
  async process(
    request: Pick<ReceivedRequest, 'signal' | 'format' | 'encoding' | 'traceparent'>,
  ): Promise<void> {
    if (this.#isAnswered) return;
    const { context } = this.#options;
    context.slowBodies.delete(this);
    const { tenant, permit } = this.#admitted as AdmittedRequest;
    const body = this.#body as GrowingBytes;
    // They are the callee's now.
    this.#admitted = undefined;
    this.#body = undefined;
    const { signal, format, encoding, traceparent } = request;
    const result = await context.ingest.process({
      signal,
      format,
      encoding,
      tenant,
      permit,
      body,
      traceparent,
      receivedMs: context.wallMs(),
      isCancelled: () => this.#isAnswered,
    });
    this.answer(result);
  }

  /** The first answer is sent, any other is dropped. */
  answer(result: PublishResult | Refusal): void {
    if (this.#isAnswered) return;
    this.#conclude(result);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#options.destroy, closeTimeoutMs);
    this.#options.send(result);
  }

  /** The answer has left, or the client has gone without one. */
  closed(): void {
    clearTimeout(this.#timer);
    if (!this.#isAnswered) this.#conclude(undefined);
  }

  /** Undefined: the client has gone. */
  #conclude(result: PublishResult | Refusal | undefined): void {
    const { context, protocol } = this.#options;
    this.#isAnswered = true;
    context.slowBodies.delete(this);
    this.#body = undefined;
    releaseUnserved(this.#admitted, result instanceof Refusal ? result : undefined);
    this.#admitted = undefined;
    context.stats.answered({
      signal: this.signal,
      protocol,
      code: result ? outcomeOf(result) : 'gone',
      tookMs: context.nowMs() - this.startedMs,
    });
  }
}
