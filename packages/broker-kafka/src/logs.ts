import { BrokerError, partitionName, type TopicPartition } from '@spillway/broker';
import { retryUntilDone, TimeoutError, withTimeout } from '@spillway/resilience';
import { backoffLimits } from './backoff-limits.ts';
import type { ClusterView, KafkaClient, OffsetQuery, TopicView } from './client.ts';
import { KafkaError } from './errors.ts';

export interface LogsOptions {
  client: KafkaClient;
  /** How long a question is asked again while leaders move. */
  patienceMs: number;
}

/** The first position kept; as a time, in queries. */
export const earliestMs = -2;
/** The position that the next message will get. */
export const latestMs = -1;

/** Questions about partitions, asked of whoever leads them at present. */
export class Logs {
  readonly #options: LogsOptions;
  readonly #abort = new AbortController();
  readonly #known = new Map<string, TopicView>();

  constructor(options: LogsOptions) {
    this.#options = options;
  }

  close(): void {
    this.#abort.abort();
  }

  /** Fresh. */
  async view(topics: readonly string[] | undefined): Promise<ClusterView> {
    const view = await this.#options.client.cluster(topics);
    for (const [name, topic] of view.topics) this.#known.set(name, topic);
    return view;
  }

  /** Throws BrokerError 'unknown-topic'. */
  async partitionsOf(topic: string): Promise<TopicPartition[]> {
    const found = (await this.view([topic])).topics.get(topic);
    if (found === undefined) throw unknownTopic(topic);
    return found.partitions.map((_, partition) => ({ topic, partition }));
  }

  /** Throws where the topic, or the partition, is unknown. */
  async leaderOf({ topic, partition }: TopicPartition): Promise<number> {
    if (!this.#known.has(topic)) await this.view([topic]);
    const found = this.#known.get(topic)?.partitions[partition];
    if (found === undefined) throw unknownTopic(partitionName({ topic, partition }));
    return found.leader;
  }

  /**
   * Reads offsets, by the partition's name; those without a leader that answers, within `limitMs` where that is
   * given, are absent.
   */
  async offsets(queries: readonly OffsetQuery[], limitMs?: number): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    const byLeader = new Map<number, OffsetQuery[]>();
    for (const query of queries) {
      const leader = await this.leaderOf(query);
      const own = byLeader.get(leader) ?? [];
      byLeader.set(leader, [...own, query]);
    }
    const asked = [...byLeader].map(async ([leader, own]) => {
      const asking = this.#options.client.offsets(leader, own);
      const answer = await inTime(asking, limitMs).catch((error) => {
        this.forget(own);
        if (!(error instanceof KafkaError)) throw error;
        return [];
      });
      for (const { position, ...place } of answer) found.set(partitionName(place), position);
    });
    await Promise.all(asked);
    return found;
  }

  /** Asks until a broker answers, for as long as is bearable. */
  async offset(query: OffsetQuery): Promise<number> {
    return await this.retryUntilDone(async () => {
      const found = (await this.offsets([query])).get(partitionName(query));
      if (found === undefined) throw new KafkaError('connection', `${partitionName(query)} is out`);
      return found;
    });
  }

  /** The next question about them asks for their leaders first. */
  forget(partitions: readonly TopicPartition[]): void {
    for (const { topic } of partitions) this.#known.delete(topic);
  }

  /** Asks again while brokers come and go; rejects with the last error when that takes too long. */
  async retryUntilDone<T>(ask: () => Promise<T>): Promise<T> {
    return await retryUntilDone(ask, {
      ...backoffLimits,
      abort: this.#abort.signal,
      patienceMs: this.#options.patienceMs,
      isPassing: (error) =>
        error instanceof KafkaError && ['connection', 'answer'].includes(error.code),
    });
  }
}

/** A broker that is silent for longer is taken for one that cannot be reached. */
export async function inTime<T>(answer: Promise<T>, limitMs: number | undefined): Promise<T> {
  if (limitMs === undefined) return await answer;
  try {
    return await withTimeout(answer, limitMs, 'an answer');
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    throw new KafkaError('connection', error.message, { cause: error });
  }
}

export function unknownTopic(name: string): BrokerError {
  return new BrokerError('unknown-topic', `No topic ${name}`);
}
