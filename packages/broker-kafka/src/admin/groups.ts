import { LRUCache } from 'lru-cache';
import type { KafkaClient } from '../client.ts';
import { KafkaError } from '../errors.ts';
import type { Logs } from '../logs.ts';

/**
 * A cluster may be shared: groups that read none of its topics are asked about again after this.
 */
const strangerMs = 60_000;
const strangersMax = 10_000;

export interface GroupsOptions {
  client: KafkaClient;
  logs: Logs;
}

/**
 * Groups that committed on a topic that was named here; with none named yet, on any. Our members
 * commit where they begin, so a group is listed from its first assignment on.
 */
export class Groups {
  readonly #options: GroupsOptions;
  readonly #topics = new Set<string>();
  readonly #readers = new Set<string>();
  readonly #strangers = new LRUCache<string, true>({ max: strangersMax, ttl: strangerMs });

  constructor(options: GroupsOptions) {
    this.#options = options;
  }

  learn(topics: readonly string[]): void {
    for (const topic of topics) {
      if (!this.#topics.has(topic)) this.#strangers.clear();
      this.#topics.add(topic);
    }
  }

  async list(): Promise<string[]> {
    const { client, logs } = this.#options;
    const { nodes } = await logs.retryUntilDone(() => client.cluster([]));
    const lists = await Promise.all(nodes.map((node) => client.groups(node)));
    const all = [...new Set(lists.flat())].sort();
    const found: string[] = [];
    for (const group of all) if (await this.#readsTopics(group)) found.push(group);
    return found;
  }

  async #readsTopics(group: string): Promise<boolean> {
    if (this.#readers.has(group)) return true;
    if (this.#strangers.get(group)) return false;
    const { client } = this.#options;
    try {
      const committed = await client.committed(await client.coordinator(group), group);
      const reads = committed.some(
        ({ topic }) => this.#topics.size === 0 || this.#topics.has(topic),
      );
      if (reads && this.#topics.size > 0) this.#readers.add(group);
      // It may have joined a moment ago.
      if (!reads && committed.length > 0) this.#strangers.set(group, true);
      return reads;
    } catch (error) {
      if (error instanceof KafkaError && error.code === 'answer') return false; // This user may not see it.
      throw error;
    }
  }
}
