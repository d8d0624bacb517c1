import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Delivery } from './delivery.ts';
import { bodyTooLarge, type Guest, type House, outcomeOf, receive, timedOut } from './door.ts';
import { answerOf, type Format, sendAnswer } from './http-answer.ts';
import { formatOf, signalOfUrl, type Target, targetOf } from './http-route.ts';
import { Refusal } from './refusal.ts';

export interface HttpExchangeOptions {
  house: House;
  req: IncomingMessage;
  res: ServerResponse;
  /** The client waits for `100 Continue` before it sends the body. */
  expectsContinue: boolean;
  /** Ask the client to close the connection with this answer. */
  lastOfConnection: () => boolean;
}

/** One OTLP/HTTP request from its headers to its answer. */
export class HttpExchange {
  readonly #options: HttpExchangeOptions;
  readonly #startedMs: number;
  readonly #format: Format;
  readonly #chunks: Buffer[] = [];
  readonly #timer: NodeJS.Timeout;
  #target: Target | undefined;
  #guest: Guest | undefined;
  #bytes = 0;
  #answered = false;

  constructor(options: HttpExchangeOptions) {
    this.#options = options;
    const { house, req, res } = options;
    this.#startedMs = house.nowMs();
    this.#format = formatOf(req.headers['content-type']) ?? 'json';
    this.#timer = setTimeout(() => this.#answer(timedOut(house)), house.config.answerTimeoutMs);
    res.once('close', () => this.#onClose());
  }

  run(): void {
    const refusal = this.#enter();
    if (refusal) {
      this.#answer(refusal);
      return;
    }
    const { req, res, expectsContinue } = this.#options;
    if (expectsContinue) res.writeContinue();
    req.on('data', (chunk: Buffer) => this.#onData(chunk));
    req.once('end', () => void this.#onEnd());
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
    const guest = receive(house, { signal, bytes, ...(authorization && { authorization }) });
    if (guest instanceof Refusal) return guest;
    this.#guest = guest;
    return undefined;
  }

  #onData(chunk: Buffer): void {
    if (this.#answered) return;
    const { ingest } = this.#options.house;
    const { format, contentLength } = this.#target as Target;
    this.#bytes += chunk.length;
    const bytesMax = ingest.bodyBytesMax(format);
    if (this.#bytes > bytesMax) {
      this.#answer(bodyTooLarge(bytesMax));
      return;
    }
    const refusal = contentLength === undefined && this.#guest?.ticket.take(chunk.length);
    if (refusal) this.#answer(refusal);
    else this.#chunks.push(chunk);
  }

  async #onEnd(): Promise<void> {
    if (this.#answered) return;
    const { house, req } = this.#options;
    const { signal, format, encoding } = this.#target as Target;
    const { tenant, ticket } = this.#guest as Guest;
    this.#guest = undefined;
    const result = await house.ingest.take({
      signal,
      format,
      encoding,
      tenant,
      ticket,
      chunks: this.#chunks,
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
    this.#conclude(outcomeOf(result));
    sendAnswer(req, res, answer);
  }

  /** The client may be gone without an answer. */
  #onClose(): void {
    clearTimeout(this.#timer);
    if (!this.#answered) this.#conclude('gone');
  }

  #conclude(code: string): void {
    this.#answered = true;
    this.#chunks.length = 0;
    this.#guest?.ticket.leave();
    this.#guest = undefined;
    this.#options.house.stats.answered({
      signal: this.#target?.signal,
      protocol: this.#format === 'json' ? 'http-json' : 'http-protobuf',
      code,
      tookMs: this.#options.house.nowMs() - this.#startedMs,
    });
  }
}
