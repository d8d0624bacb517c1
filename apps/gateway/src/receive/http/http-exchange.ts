import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ConnectionShare } from '../../admit/connection-share.ts';
import { Refusal } from '../../model/refusal.ts';
import type { PublishResult } from '../../publish/pending-request.ts';
import { Exchange } from '../exchange.ts';
import { bodyTooLarge, type ReceiverContext } from '../receiver.ts';
import { answerOf, type Format, sendAnswer } from './http-answer.ts';
import { formatOf, signalOfUrl, type Target, targetOf } from './http-route.ts';

export interface HttpExchangeOptions {
  context: ReceiverContext;
  req: IncomingMessage;
  res: ServerResponse;
  /** The client waits for `100 Continue` before it sends the body. */
  expectsContinue: boolean;
  connection: ConnectionShare;
  /** Asks the client to close the connection with this answer. */
  lastOfConnection: () => boolean;
  /** The answer has left, or the client has gone. */
  onClose: () => void;
}

/** One OTLP/HTTP request, from its headers to its answer. */
export class HttpExchange {
  readonly #options: HttpExchangeOptions;
  readonly #exchange: Exchange;
  readonly #format: Format;

  constructor(options: HttpExchangeOptions) {
    this.#options = options;
    const { context, req, res, connection, onClose } = options;
    this.#format = formatOf(req.headers['content-type']) ?? 'json';
    this.#exchange = new Exchange({
      context,
      connection,
      where: 'HTTP request',
      protocol: this.#format === 'json' ? 'http-json' : 'http-protobuf',
      send: (result) => this.#send(result),
      destroy: () => req.socket.destroy(),
    });
    const closed = (): void => {
      this.#exchange.closed();
      onClose();
    };
    res.once('close', this.#exchange.guard(closed));
  }

  /** The receiver guards it. */
  run(): void {
    const { req, res, expectsContinue } = this.#options;
    const target = this.#admit();
    if (target instanceof Refusal) {
      this.#exchange.answer(target);
      return;
    }
    if (expectsContinue) res.writeContinue();
    const onData = (chunk: Buffer): void => this.#onData(chunk);
    const onEnd = (): Promise<void> => this.#onEnd(target);
    req.on('data', this.#exchange.guard(onData));
    req.once('end', this.#exchange.guard(onEnd));
  }

  #admit(): Target | Refusal {
    const { context, req } = this.#options;
    const signal = signalOfUrl(req.url ?? '/');
    if (signal instanceof Refusal) return signal;
    if (req.method !== 'POST') {
      return new Refusal('wrong-method', `${req.method} is not supported: use POST`);
    }
    const target = targetOf(signal, req.headers);
    if (target instanceof Refusal) return target;
    this.#exchange.signal = signal;
    const { contentLength: expected, format } = target;
    const bytesMax = context.ingest.bodyBytesMax(format);
    const bytes = expected ?? 0;
    if (bytes > bytesMax) return bodyTooLarge(bytesMax);
    const { authorization } = req.headers;
    const refusal = this.#exchange.admit({ signal, bytes, authorization });
    if (refusal) return refusal;
    this.#exchange.expectBody({ expected, bytesMax });
    return target;
  }

  #onData(chunk: Buffer): void {
    if (this.#exchange.isAnswered) return;
    const refusal = this.#exchange.receive(chunk);
    if (refusal) this.#exchange.answer(refusal);
  }

  #onEnd({ signal, format, encoding }: Target): Promise<void> {
    const traceparent = this.#options.req.headers.traceparent as string | undefined;
    return this.#exchange.process({ signal, format, encoding, traceparent });
  }

  #send(result: PublishResult | Refusal): void {
    const { req, res, lastOfConnection } = this.#options;
    const answer = answerOf(result, { signal: this.#exchange.signal, format: this.#format });
    if (lastOfConnection()) answer.headers.connection = 'close';
    sendAnswer(req, res, answer);
  }
}
