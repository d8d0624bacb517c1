import { BrokerError, partitionName, type TopicPartition } from '@spillway/broker';
import type { ClusterView, KafkaClient, OffsetQuery, TopicView } from './client.ts';
import { KafkaError } from './errors.ts';
import { Backoff, sleep } from './wait.ts';

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

  /** Reads offsets, by the partition's name; those without a leader that answers are absent. */
  async offsets(queries: readonly OffsetQuery[]): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    const byLeader = new Map<number, OffsetQuery[]>();
    for (const query of queries) {
      const leader = await this.leaderOf(query);
      const own = byLeader.get(leader) ?? [];
      byLeader.set(leader, [...own, query]);
    }
    const asked = [...byLeader].map(async ([leader, own]) => {
      const answer = await this.#options.client.offsets(leader, own).catch((error) => {
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

  async retryUntilDone<T>(ask: () => Promise<T>): Promise<T> {
    const deadline = performance.now() + this.#options.patienceMs;
    const backoff = new Backoff();
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        const passes = error instanceof KafkaError && ['connection', 'answer'].includes(error.code);
        if (!passes || performance.now() > deadline || this.#abort.signal.aborted) throw error;
      }
      await sleep(backoff.nextMs(), this.#abort.signal);
    }
  }
}

export function unknownTopic(name: string): BrokerError {
  return new BrokerError('unknown-topic', `No topic ${name}`);
}
