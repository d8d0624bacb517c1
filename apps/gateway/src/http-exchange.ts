import type { IncomingMessage, ServerResponse } from 'node:http';
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
import { answerOf, type Format, sendAnswer } from './http-answer.ts';
import { formatOf, signalOfUrl, type Target, targetOf } from './http-route.ts';
import { Refusal } from './refusal.ts';
import type { PendingBody } from './slow-bodies.ts';

export interface HttpExchangeOptions {
  house: House;
  req: IncomingMessage;
  res: ServerResponse;
  /** The client waits for `100 Continue` before it sends the body. */
  expectsContinue: boolean;
  connection: ConnectionShare;
  /** Ask the client to close the connection with this answer. */
  lastOfConnection: () => boolean;
  /** The answer has left, or the client has gone. */
  onClose: () => void;
}

/** An answer that has not left by then has a client that does not read. */
const closeTimeoutMs = 5000;

/** One OTLP/HTTP request from its headers to its answer. */
export class HttpExchange implements PendingBody {
  readonly #options: HttpExchangeOptions;
  readonly startedMs: number;
  readonly #format: Format;
  #timer: NodeJS.Timeout;
  #target: Target | undefined;
  #guest: Guest | undefined;
  #body: GrowingBytes | undefined;
  #answered = false;

  constructor(options: HttpExchangeOptions) {
    this.#options = options;
    const { house, req, res } = options;
    this.startedMs = house.nowMs();
    this.#format = formatOf(req.headers['content-type']) ?? 'json';
    const onTimeout = this.#step(() => this.#onTimeout());
    this.#timer = setTimeout(onTimeout, house.config.answerTimeoutMs);
    res.once(
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
    const refusal = this.#enter();
    if (refusal) {
      this.#answer(refusal);
      return;
    }
    const { house, req, res, expectsContinue } = this.#options;
    if (expectsContinue) res.writeContinue();
    house.slowBodies.add(this);
    req.on(
      'data',
      this.#step((chunk: Buffer) => this.#onData(chunk)),
    );
    req.once(
      'end',
      this.#step(() => this.#onEnd()),
    );
  }

  #enter(): Refusal | undefined {
    const { house, req } = this.#options;
    const { authorization } = req.headers;
    const signal = signalOfUrl(req.url ?? '/');
    if (signal instanceof Refusal) return signal;
    if (req.method !== 'POST') {
      return new Refusal('wrong-method', `${req.method} is not for here: use POST`);
    }
    const target = targetOf(signal, req.headers);
    if (target instanceof Refusal) return target;
    this.#target = target;
    const bytes = target.contentLength ?? 0;
    const bytesMax = house.ingest.bodyBytesMax(target.format);
    if (bytes > bytesMax) return bodyTooLarge(bytesMax);
    const guest = receive(house, {
      ...{ signal, bytes, connection: this.#options.connection },
      ...(authorization && { authorization }),
    });
    if (guest instanceof Refusal) return guest;
    this.#guest = guest;
    const { ticket } = guest;
    this.#body = ticket.body({ expected: target.contentLength, bytesMax });
    return undefined;
  }

  #onData(chunk: Buffer): void {
    if (this.#answered) return;
    const bytesMax = this.#options.house.ingest.bodyBytesMax((this.#target as Target).format);
    const body = this.#body as GrowingBytes;
    this.#guest?.ticket.arrived(chunk.length);
    const refusal =
      body.length + chunk.length > bytesMax ? bodyTooLarge(bytesMax) : body.push(chunk);
    if (refusal) this.#answer(refusal);
    else if (body.isCrumbled) this.#answer(bodyCrumbled());
  }

  async #onEnd(): Promise<void> {
    if (this.#answered) return;
    const { house, req } = this.#options;
    house.slowBodies.delete(this);
    const { signal, format, encoding } = this.#target as Target;
    const { tenant, ticket } = this.#guest as Guest;
    const body = this.#body as GrowingBytes;
    this.#guest = undefined;
    this.#body = undefined;
    const result = await house.ingest.take({
      signal,
      format,
      encoding,
      tenant,
      ticket,
      body,
      traceparent: req.headers.traceparent as string | undefined,
      receivedMs: house.wallMs(),
      cancelled: () => this.#answered,
    });
    this.#answer(result);
  }

  #answer(result: Delivery | Refusal): void {
    if (this.#answered) return;
    const { req, res, lastOfConnection } = this.#options;
    const answer = answerOf(result, { signal: this.#target?.signal, format: this.#format });
    if (lastOfConnection()) answer.headers.connection = 'close';
    this.#conclude(result);
    sendAnswer(req, res, answer);
  }

  /** Unanswered, it is answered; answered, its client does not read. */
  #onTimeout(): void {
    const { house, req } = this.#options;
    if (this.#answered) {
      req.socket.destroy();
      return;
    }
    this.#timer = setTimeout(() => req.socket.destroy(), closeTimeoutMs);
    this.#answer(timedOut(house));
  }

  /** The client may be gone without an answer. */
  #onClose(): void {
    clearTimeout(this.#timer);
    if (!this.#answered) this.#conclude(undefined);
    this.#options.onClose();
  }

  /** Undefined: the client has gone. */
  #conclude(result: Delivery | Refusal | undefined): void {
    const { house } = this.#options;
    this.#answered = true;
    house.slowBodies.delete(this);
    this.#body = undefined;
    dismiss(this.#guest, result instanceof Refusal ? result : undefined);
    this.#guest = undefined;
    house.stats.answered({
      signal: this.#target?.signal,
      protocol: this.#format === 'json' ? 'http-json' : 'http-protobuf',
      code: result ? outcomeOf(result) : 'gone',
      tookMs: house.nowMs() - this.startedMs,
    });
  }

  #step<Args extends unknown[]>(handler: (...args: Args) => void | Promise<void>) {
    const { house, req } = this.#options;
    return guarded(house, { where: 'HTTP request', end: () => req.socket.destroy() }, handler);
  }
}
