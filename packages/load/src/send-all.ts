import { encodeRequest, protobufToJson, type Signal } from '@spillway/otlp';
import { fullJitterMs, sleep } from '@spillway/resilience';
import type { Answer, Client, ClientOptions, OutgoingRequest } from './client.ts';
import type { Batch } from './generate.ts';
import { createGrpcClient } from './grpc-client.ts';
import { createHttpClient } from './http-client.ts';

export interface SendOptions
  extends Pick<ClientOptions, 'protocol' | 'compression' | 'key' | 'timeoutMs'> {
  /** At least one; requests go to them in turn, a retry to the next. */
  endpoints: readonly string[];
  /** Requests in flight. */
  concurrency: number;
  /** A request is given up when its next attempt would start later than this after its first. */
  retryBudgetMs: number;
  /** Ends early; what came until then is in the result. */
  abort: AbortSignal;
  /** After each request and each new message, with the numbers so far. */
  onProgress?: ((sent: Sent) => void) | undefined;
  /** For tests. */
  wait?: ((delayMs: number, abort: AbortSignal) => Promise<void>) | undefined;
  random?: (() => number) | undefined;
}

/** How many records of each kind; metrics are counted by their data points. */
export interface RecordCounts {
  spans: number;
  logs: number;
  points: number;
}

/** What became of the records that were sent, and what it took. */
export interface Sent {
  /** The server took responsibility for them. */
  acknowledged: RecordCounts;
  /** The server will never take them: `partial_success`, or an answer that no retry mends. */
  refused: RecordCounts;
  /** No answer that says either before the budget ran out: they may or may not be there. */
  unanswered: RecordCounts;
  /** Attempts, first ones and retries. */
  requests: number;
  retries: number;
  /** What servers said that was not an acknowledgement: the first ten that differ. */
  messages: string[];
}

const countOf = { traces: 'spans', logs: 'logs', metrics: 'points' } as const satisfies Record<
  Signal,
  keyof RecordCounts
>;
const messagesMax = 10;
const backoffLimits = { baseMs: 100, maxMs: 5_000 };

/**
 * Sends every batch, `concurrency` at a time, unless requests are given up: then the rest is not
 * tried. Never rejects for what a server or network does.
 */
export async function sendAll(batches: Iterable<Batch>, options: SendOptions): Promise<Sent> {
  const sending = new Sending(options);
  const iterator = batches[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    while (!options.abort.aborted) {
      const next = iterator.next();
      if (next.done || !(await sending.send(next.value))) return;
    }
  };
  try {
    await Promise.all(Array.from({ length: options.concurrency }, worker));
  } finally {
    sending.close();
  }
  return sending.sent;
}

class Sending {
  readonly sent: Sent = {
    acknowledged: { spans: 0, logs: 0, points: 0 },
    refused: { spans: 0, logs: 0, points: 0 },
    unanswered: { spans: 0, logs: 0, points: 0 },
    requests: 0,
    retries: 0,
    messages: [],
  };
  readonly #options: SendOptions;
  readonly #clients: Client[];

  constructor(options: SendOptions) {
    this.#options = options;
    const create = options.protocol === 'grpc' ? createGrpcClient : createHttpClient;
    this.#clients = options.endpoints.map((endpoint) =>
      create({ ...options, endpoint, connectionsMax: options.concurrency }),
    );
  }

  /** False when the request was given up. */
  async send({ signal, records }: Batch): Promise<boolean> {
    const protobuf = encodeRequest(signal, records);
    const json = this.#options.protocol === 'http/json';
    const body = json ? Buffer.from(protobufToJson(signal, protobuf)) : protobuf;
    const answer = await this.#untilAnswered({ signal, body });
    const count = countOf[signal];
    if (answer?.status === 'acknowledged') {
      this.sent.acknowledged[count] += records.length - answer.rejected;
      this.sent.refused[count] += answer.rejected;
    } else this.sent[answer ? 'refused' : 'unanswered'][count] += records.length;
    this.#options.onProgress?.(this.sent);
    return answer !== undefined;
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }

  /** Undefined when the budget or the patience ended first. */
  async #untilAnswered(
    request: OutgoingRequest,
  ): Promise<Exclude<Answer, { status: 'retry' }> | undefined> {
    const { abort, retryBudgetMs, wait = sleep, random = Math.random } = this.#options;
    let waitedMs = 0;
    const startedMs = performance.now();
    try {
      for (let attempt = 0; ; attempt++) {
        const answer = await this.#attempt(request, attempt);
        if (answer.message !== '') this.#note(answer.message);
        if (answer.status !== 'retry') return answer;
        const delayMs = answer.afterMs ?? fullJitterMs(attempt + 1, { ...backoffLimits, random });
        waitedMs = Math.max(waitedMs, performance.now() - startedMs) + delayMs;
        if (waitedMs > retryBudgetMs) return undefined;
        await wait(delayMs, abort);
        if (abort.aborted) return undefined;
      }
    } catch (error) {
      if (abort.aborted) return undefined;
      throw error;
    }
  }

  #attempt(request: OutgoingRequest, attempt: number): Promise<Answer> {
    const client = this.#clients[this.sent.requests % this.#clients.length] as Client;
    this.sent.requests++;
    if (attempt > 0) this.sent.retries++;
    return client.send(request, this.#options.abort);
  }

  #note(message: string): void {
    const { messages } = this.sent;
    if (messages.length >= messagesMax || messages.includes(message)) return;
    messages.push(message);
    this.#options.onProgress?.(this.sent);
  }
}
