import { type PartitionLag, partitionName, type TopicPartition } from '@spillway/broker';
import { LRUCache } from 'lru-cache';
import type { CommittedOffset, KafkaClient } from '../client.ts';
import { KafkaError } from '../errors.ts';
import { expiredOf } from '../group/held.ts';
import { earliestMs, inTime, type Logs, latestMs } from '../logs.ts';

export interface LagOptions {
  client: KafkaClient;
  logs: Logs;
  clock: () => number;
}

/** What the first uncommitted message of a partition said; the same until the group goes on. */
interface Oldest {
  position: number;
  timestampMs: number | undefined;
}

const groupsMax = 200;
/**
 * How long one broker may keep the lag of all others waiting. It is shorter than a request may take,
 * and longer than a broker that works ever does: what it leads is unknown then.
 */
const answerMs = 2_000;

export class LagReader {
  readonly #options: LagOptions;
  /** Oldest messages, by group and partition. */
  readonly #oldest = new LRUCache<string, Map<string, Oldest>>({ max: groupsMax });

  constructor(options: LagOptions) {
    this.#options = options;
  }

  /** Over every partition of the topics that the group has committed on, and of `topics`. */
  async read(group: string, topics: readonly string[]): Promise<PartitionLag[]> {
    const { client, logs } = this.#options;
    const committed = await logs.retryUntilDone(async () => {
      const coordinator = await inTime(client.coordinator(group), answerMs);
      return await inTime(client.committed(coordinator, group), answerMs);
    });
    const names = [...new Set([...committed.map(({ topic }) => topic), ...topics])];
    if (names.length === 0) return [];
    const view = await logs.retryUntilDone(() => inTime(logs.view(names), answerMs));
    const partitions = [...view.topics].flatMap(([topic, found]) =>
      found.partitions.map((_, partition) => ({ topic, partition })),
    );
    const ask = (timestampMs: number) =>
      logs.offsets(
        partitions.map((one) => ({ ...one, timestampMs })),
        answerMs,
      );
    const [starts, ends] = await Promise.all([ask(earliestMs), ask(latestMs)]);
    const known = new Map(committed.map((one) => [partitionName(one), one]));
    return await Promise.all(
      partitions.map((place) => {
        const name = partitionName(place);
        const bounds = { start: starts.get(name), end: ends.get(name) };
        return this.#lagOf(group, place, { committed: known.get(name), ...bounds });
      }),
    );
  }

  async #lagOf(
    group: string,
    place: TopicPartition,
    { committed, start, end }: Known,
  ): Promise<PartitionLag> {
    const expiredBefore = expiredOf(committed?.metadata);
    if (start === undefined || end === undefined) {
      const unknown = { messages: null, seconds: null, start: null, end: null };
      return { group, ...place, ...unknown, committed: null, expired: expiredBefore };
    }
    // A new group begins at the earliest. A commit behind the end is of a log that is no more.
    const wanted = committed?.position ?? start;
    const at = wanted > end ? start : Math.max(wanted, start);
    const expired = expiredBefore + (wanted > end ? 0 : at - wanted);
    const row = { group, ...place, expired, committed: at, start, end };
    if (at === end) return { ...row, messages: 0, seconds: 0 };
    const oldest = await this.#oldestOf(group, place, at);
    // Nothing but control records.
    if (oldest?.timestampMs === undefined && oldest !== undefined && oldest.position >= end) {
      return { ...row, messages: 0, seconds: 0 };
    }
    const ageMs =
      oldest?.timestampMs === undefined ? null : this.#options.clock() - oldest.timestampMs;
    return {
      ...row,
      messages: end - at,
      seconds: ageMs === null ? null : Math.max(0, ageMs) / 1000,
    };
  }

  /** Undefined where it cannot be read now. Without a time: nothing up to `position` is a message. */
  async #oldestOf(
    group: string,
    place: TopicPartition,
    position: number,
  ): Promise<Oldest | undefined> {
    const known = this.#cacheOf(group);
    const cached = known.get(partitionName(place));
    if (cached?.position === position && cached.timestampMs !== undefined) return cached;
    const { client, logs } = this.#options;
    try {
      const asked = { ...place, position, bytesMax: 1 };
      const request = { waitMs: 0, bytesMax: 1, ownBytesMax: 1, partitions: [asked] };
      const leader = await inTime(logs.leaderOf(place), answerMs);
      const [found] = await inTime(client.fetch(leader, request), answerMs);
      if (found === undefined || found.error !== '') return undefined;
      const timestampMs = found.records[0]?.timestampMs;
      if (timestampMs === undefined) return { position: found.next, timestampMs };
      known.set(partitionName(place), { position, timestampMs });
      return { position, timestampMs };
    } catch (error) {
      logs.forget([place]);
      if (error instanceof KafkaError) return undefined;
      throw error;
    }
  }

  #cacheOf(group: string): Map<string, Oldest> {
    const known = this.#oldest.get(group) ?? new Map<string, Oldest>();
    this.#oldest.set(group, known);
    return known;
  }
}

interface Known {
  committed: CommittedOffset | undefined;
  start: number | undefined;
  end: number | undefined;
}
