import { randomUUID } from 'node:crypto';
import { partitionName } from '@spillway/broker';
import type { Client } from '@spillway/redis';
import {
  type DecodedMessage,
  duplicate,
  type MessageOutcome,
  PartMissingError,
  type RecordOutcome,
  SinkBehindError,
  stored,
} from '@spillway/store';
import { isTailed, TailRate } from '@spillway/store/live';
import { pieceMissing, rebuildLost } from '../errors.ts';
import { keptMs, type LiveLimits } from '../limits.ts';
import type { Script } from '../script.ts';
import type { LiveCounts } from '../stats.ts';
import { type Piece, piecesOf } from './pieces.ts';
import { countReply, type LimitMet, limitsMet, type Reply, status } from './reply.ts';
import { bodyOf, inGroups, type Step, sourceOf } from './steps.ts';
import { chunksOf } from './tail.ts';

/** What is left of a step when it was carried out. */
interface Done {
  message: DecodedMessage;
  places: readonly number[];
  reply: Reply;
}

export interface WriterOptions {
  client: Client;
  script: Script;
  limits: LiveLimits;
  /** Name of the record of generations. */
  generationsKey: string;
  /** `log`: positions are kept and checked; `sequences`: they mean nothing beyond a subscription. */
  positions: 'log' | 'sequences';
  clock: () => number;
  counts: LiveCounts;
  /** Without positions: Redis does not have the message that was applied before this one. */
  onForgotten: (partition: string) => void;
  onLimit: (met: LimitMet) => void;
}

/** Where a step applies, as the first arguments of the script after the clock and the name. */
type Place = readonly [rebuild: string, partition: string, next: string, before: string];

/** Applies messages, each of them (or each piece of a large one) in one atomic step. */
export class Writer {
  readonly #options: WriterOptions;
  readonly #tailRate: TailRate;
  /** What this process last saw applied per partition: a position, or the id of a message. */
  readonly #seen = new Map<string, string>();
  readonly #seenAtMs = new Map<string, number>();

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#tailRate = new TailRate(options.limits.tailPerSecond);
  }

  /** The next step of a partition must find at least this position; undefined: any or none. */
  expect(partition: string, position: string | undefined): void {
    if (position === undefined) this.#seen.delete(partition);
    else this.#seen.set(partition, position);
  }

  forget(): void {
    this.#seen.clear();
  }

  async apply(messages: readonly DecodedMessage[]): Promise<MessageOutcome[]> {
    const seen = this.#remembered();
    const steps = this.#steps(messages, (message, piece) => this.#place(message, piece, seen));
    const done = await this.#run(steps);
    const behind = done.flatMap(({ message, reply: [code] }) =>
      code === status.behind ? partitionName(message.envelope.id) : [],
    );
    if (behind.length > 0) {
      for (const partition of behind) this.#seen.delete(partition);
      throw new SinkBehindError(behind);
    }
    if (done.some(({ reply: [code] }) => code === status.afresh)) {
      if (messages[0]?.part) throw new PartMissingError(messages[0]);
      throw pieceMissing();
    }
    for (const [partition, last] of seen) this.#seen.set(partition, last);
    const nowMs = this.#options.clock();
    for (const { envelope } of messages) this.#seenAtMs.set(partitionName(envelope.id), nowMs);
    return this.#outcomes(messages, done);
  }

  /** Into the generation that a rebuild makes, without positions. */
  async rebuild(generation: string, messages: readonly DecodedMessage[]): Promise<void> {
    const steps = this.#steps(messages, () => [generation, '', '', '']);
    const codes = new Set((await this.#run(steps)).map(({ reply: [code] }) => code));
    if (codes.has(status.fenced)) throw rebuildLost();
    if (codes.has(status.afresh)) throw pieceMissing();
  }

  /**
   * Without positions, the mark of the last message is asked for only while it must be there: in a
   * partition that was silent for long it has expired with everything that it stood for.
   */
  #remembered(): Map<string, string> {
    const { positions, clock, limits } = this.#options;
    const sinceMs = clock() - keptMs(limits) / 2;
    const isRecent = (partition: string) => (this.#seenAtMs.get(partition) ?? 0) > sinceMs;
    const entries = [...this.#seen].filter(([name]) => positions === 'log' || isRecent(name));
    return new Map(entries);
  }

  *#steps(
    messages: readonly DecodedMessage[],
    placeOf: (message: DecodedMessage, piece: Piece) => Place,
  ): Generator<Step> {
    const { limits, clock, counts, positions } = this.#options;
    const nowMs = clock();
    const fresh = generationName();
    for (const message of messages) {
      let isFirst = true;
      for (const piece of piecesOf(message, limits.windowMs, nowMs)) {
        counts.late += piece.late;
        const place = placeOf(message, piece);
        const body = bodyOf(message, piece, positions);
        const tail = isFirst && place[0] === '' ? this.#tailOf(message, nowMs) : [''];
        isFirst = false;
        yield { message, piece, args: [nowMs, fresh, ...place, ...body, ...tail] };
      }
    }
  }

  /** Signal of the tail and chunks for it. */
  #tailOf(message: DecodedMessage, nowMs: number): string[] {
    const { signal, envelope, records } = message;
    if (!isTailed(signal)) return [''];
    const name = `${envelope.tenant}:${signal}`;
    const shown = this.#tailRate.take(name, records.length, nowMs);
    return [signal, ...chunksOf(message, { ...shown, nowMs })];
  }

  /** Rebuild, partition, position after the message, and what must be there before it. */
  #place({ envelope, position }: DecodedMessage, piece: Piece, seen: Map<string, string>): Place {
    const partition = partitionName(envelope.id);
    const before = seen.get(partition) ?? '';
    const isLast = piece.to >= piece.total;
    if (this.#options.positions === 'log') {
      const next = String(position + 1);
      // A position that was passed already is skipped by the script, not moved back.
      if (isLast && !(Number(before) > position)) seen.set(partition, next);
      return ['', partition, next, before];
    }
    // One that is named by its content may not have been marked.
    const [id, sequence] = sourceOf(envelope.id, 'sequences');
    if (isLast) seen.set(partition, sequence === '' ? '' : `${id} ${sequence}`);
    return ['', '', '', before];
  }

  /** In order, some at a time: they are made as they are sent. */
  async #run(steps: Iterable<Step>): Promise<Done[]> {
    const done: Done[] = [];
    for (const some of inGroups(steps)) {
      const replies = await this.#send(some);
      for (const [i, { message, piece }] of some.entries()) {
        done.push({ message, places: piece.places, reply: replies[i] as Reply });
      }
    }
    return done;
  }

  async #send(steps: readonly Step[]): Promise<Reply[]> {
    const { client, script, generationsKey } = this.#options;
    const run = () =>
      client.pipeline<Step, Reply>(steps, (pipeline, { args }) =>
        pipeline.evalsha(script.sha, 1, generationsKey, ...args),
      );
    try {
      return await run();
    } catch (error) {
      if (!/NOSCRIPT/.test((error as Error).message)) throw error;
      // Redis was restarted since the script was loaded. What did run is skipped the second time.
      await client.run((redis) => redis.script('LOAD', script.text));
      return await run();
    }
  }

  #outcomes(messages: readonly DecodedMessage[], done: readonly Done[]): MessageOutcome[] {
    const { counts, onForgotten, onLimit } = this.#options;
    const duplicates = new Map<DecodedMessage, Set<number>>();
    for (const { message, places: placesOf, reply } of done) {
      const [code, , , , , , , , ...known] = reply;
      for (const met of limitsMet(reply, message.envelope.tenant)) onLimit(met);
      countReply(counts, reply);
      if (code === status.forgotten) onForgotten(partitionName(message.envelope.id));
      const places = duplicates.get(message) ?? new Set();
      duplicates.set(message, places);
      for (const index of known) places.add(placesOf[index] as number);
    }
    return messages.map((message) => ({
      records: message.records.map(
        (_, place): RecordOutcome => (duplicates.get(message)?.has(place) ? duplicate : stored),
      ),
    }));
  }
}

/** New every time: a generation is never filled twice. */
export function generationName(): string {
  return randomUUID().slice(0, 8);
}
