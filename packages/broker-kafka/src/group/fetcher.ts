import { partitionName } from '@spillway/broker';
import { Backoff, messageOf, sleep } from '@spillway/resilience';
import { backoffLimits } from '../backoff-limits.ts';
import type { Fetched, KafkaClient } from '../client.ts';
import type { KafkaBrokerEvent } from '../config.ts';
import type { Held } from './held.ts';

export interface FetcherOptions {
  group: string;
  client: KafkaClient;
  /** Read ahead, over all partitions. */
  bytesMax: number;
  /** What is held now, by name. */
  held: ReadonlyMap<string, Held>;
  /** It is known where the group begins: nothing was committed there before. */
  onBegin: (held: Held) => void;
  /** Something new can be polled. */
  onRecords: () => void;
  report: (event: KafkaBrokerEvent) => void;
}

/** How long a broker without news keeps a request; a partition that comes back waits for it. */
const waitMs = 300;
const partitionBytesMin = 64 * 1024;

/** The log is elsewhere by now, or will be. */
const moved = /LEADER|REPLICA|UNKNOWN_TOPIC|STORAGE|OFFSET_NOT_AVAILABLE|UNKNOWN_SERVER/;

/** Reads ahead what is held: one request at a time to each leader, each on its own connection. */
export class Fetcher {
  readonly #options: FetcherOptions;
  readonly #abort = new AbortController();
  readonly #loops = new Map<number, Promise<void>>();
  readonly #leaders = new Map<string, number>();
  /** What is wrong, by where: a broker that is well says nothing about another. */
  readonly #troubles = new Map<string, { message: string; backoff: Backoff }>();
  #refreshing: Promise<void> | undefined;
  #turn = 0;

  constructor(options: FetcherOptions) {
    this.#options = options;
  }

  get trouble(): string | undefined {
    return this.#troubles.values().next().value?.message;
  }

  /** There may be something to fetch: partitions, or room for them. */
  wake(): void {
    if (this.#abort.signal.aborted) return;
    const wanted = this.#wanted();
    const lost = wanted.some((held) => this.#leaderOf(held) === undefined);
    if (lost || wanted.some(({ fetchAt }) => fetchAt === undefined)) this.#refresh();
    const ready = wanted.filter(({ fetchAt }) => fetchAt !== undefined);
    for (const node of new Set(ready.map((held) => this.#leaderOf(held)))) {
      if (node !== undefined && !this.#loops.has(node)) this.#start(node);
    }
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.#options.client.close();
    await Promise.all([...this.#loops.values(), this.#refreshing]);
  }

  #start(node: number): void {
    const loop = this.#loop(node).finally(() => {
      this.#loops.delete(node);
      this.wake();
    });
    this.#loops.set(node, loop);
  }

  /** With room, and neither paused nor leaving. */
  #wanted(): Held[] {
    if (this.#room() <= 0) return [];
    const share = this.#share();
    return [...this.#options.held.values()].filter(
      (held) => held.isPolled && !held.fetching && held.bytes < share,
    );
  }

  /** A partition may have more than its share, when its next message is that large. */
  #room(): number {
    const { bytesMax, held } = this.#options;
    return [...held.values()].reduce((room, { bytes }) => room - bytes, bytesMax);
  }

  #share(): number {
    const { bytesMax, held } = this.#options;
    return Math.max(partitionBytesMin, bytesMax / Math.max(1, held.size));
  }

  #leaderOf(held: Held): number | undefined {
    return this.#leaders.get(partitionName(held));
  }

  async #loop(node: number): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      const ready = this.#wanted().filter(
        (held) => this.#leaderOf(held) === node && held.fetchAt !== undefined,
      );
      if (ready.length === 0) return;
      for (const held of ready) held.fetching = true;
      try {
        await this.#fetch(node, ready);
      } catch (error) {
        if (signal.aborted) return;
        for (const held of ready) this.#leaders.delete(partitionName(held));
        await this.#pause(nameOf(node), error);
      } finally {
        for (const held of ready) held.fetching = false;
      }
    }
  }

  async #fetch(node: number, ready: readonly Held[]): Promise<void> {
    const { client, bytesMax } = this.#options;
    const share = this.#share();
    this.#turn += 1;
    const first = this.#turn % ready.length;
    // Brokers fill an answer in the order of the request: each is first in turn.
    const asked = [...ready.slice(first), ...ready.slice(0, first)].map((held) => ({
      held,
      turn: held.turn,
      topic: held.topic,
      partition: held.partition,
      position: held.fetchAt as number,
      bytesMax: Math.max(partitionBytesMin, Math.floor(share - held.bytes)),
    }));
    const request = { waitMs, bytesMax, ownBytesMax: this.#room(), partitions: asked };
    const answer = await client.fetch(node, request);
    const byName = new Map(asked.map((one) => [partitionName(one), one]));
    const failures: string[] = [];
    for (const fetched of answer) {
      const { held, turn } = byName.get(partitionName(fetched)) ?? {};
      if (held === undefined || !this.#isCurrent(held) || held.turn !== turn) continue;
      const failure = this.#take(held, fetched);
      if (failure) failures.push(failure);
    }
    this.#options.onRecords();
    if (failures.length === 0) this.#troubles.delete(nameOf(node));
    else await this.#pause(nameOf(node), failures.join(', '));
  }

  /** Answers what is wrong, if something is. */
  #take(held: Held, { error, records, next }: Fetched): string | undefined {
    if (error === '') {
      if (held.isPolled) held.push(records, next);
      return undefined;
    }
    const name = partitionName(held);
    if (error === 'OFFSET_OUT_OF_RANGE') {
      held.outOfRange = held.fetchAt;
      held.fetchAt = undefined;
      return undefined;
    }
    if (moved.test(error)) this.#leaders.delete(name);
    return `${name}: ${error}`;
  }

  #isCurrent(held: Held): boolean {
    return this.#options.held.get(partitionName(held)) === held;
  }

  /** Learns who leads, then where to begin; one at a time. */
  #refresh(): void {
    this.#refreshing ??= this.#learn()
      .catch((error) => this.#pause('metadata', error))
      .finally(() => {
        this.#refreshing = undefined;
        this.wake();
      });
  }

  async #learn(): Promise<void> {
    const { client, held } = this.#options;
    const topics = [...new Set([...held.values()].map(({ topic }) => topic))];
    const view = await client.cluster(topics);
    for (const one of held.values()) {
      const leader = view.topics.get(one.topic)?.partitions[one.partition]?.leader ?? -1;
      if (leader >= 0) this.#leaders.set(partitionName(one), leader);
    }
    const lost = [...held.values()].find((one) => this.#leaderOf(one) === undefined);
    for (const one of held.values()) await this.#begin(one);
    if (lost !== undefined) throw new Error(`${partitionName(lost)} has no leader at present`);
    this.#troubles.delete('metadata');
  }

  /** A new group begins at the earliest; what is no longer, or not yet, kept is clamped to it. */
  async #begin(held: Held): Promise<void> {
    const node = this.#leaderOf(held);
    if (held.fetchAt !== undefined || node === undefined) return;
    const { turn } = held;
    const at = async (timestampMs: number) => {
      const [found] = await this.#options.client.offsets(node, [{ ...placeOf(held), timestampMs }]);
      if (found === undefined) throw new Error(`${partitionName(held)} has no positions`);
      return found.position;
    };
    const [start, end] = [await at(-2), await at(-1)];
    if (held.turn !== turn || !this.#isCurrent(held)) return;
    const skipped = held.begin(start, end);
    if (skipped > 0) {
      const { group, report } = this.#options;
      const partition = partitionName(held);
      report({ type: 'expired', group, partition, messages: skipped, position: start });
    }
    this.#options.onBegin(held);
  }

  async #pause(where: string, error: unknown): Promise<void> {
    if (this.#abort.signal.aborted) return;
    const { group, report } = this.#options;
    const message = messageOf(error);
    const { backoff } = this.#troubles.get(where) ?? { backoff: new Backoff(backoffLimits) };
    this.#troubles.set(where, { message: `${where}: ${message}`, backoff });
    const pauseMs = backoff.nextMs();
    report({ type: 'retrying', group, what: `fetch, ${where}`, message, waitMs: pauseMs });
    await sleep(pauseMs, this.#abort.signal);
  }
}

function nameOf(node: number): string {
  return `broker ${node}`;
}

function placeOf({ topic, partition }: Held) {
  return { topic, partition };
}
