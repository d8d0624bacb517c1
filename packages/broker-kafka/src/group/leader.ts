import type { TopicPartition } from '@spillway/broker';
import type { KafkaClient } from '../client.ts';
import { assign } from './assign.ts';
import { decodeClaim, encodeAssignment } from './protocol.ts';

/** What the one member does that the broker chose to lead: it assigns, and notices new partitions. */
export class Leader {
  readonly #client: KafkaClient;
  #topics: string[] = [];
  /** When it last assigned; undefined while another leads. */
  #partitionCount: number | undefined;

  constructor(client: KafkaClient) {
    this.#client = client;
  }

  async assign(members: readonly { memberId: string; metadata: Buffer }[]) {
    const claims = members.map(({ memberId, metadata }) => ({
      memberId,
      ...decodeClaim(metadata),
    }));
    this.#topics = [...new Set(claims.flatMap(({ topics }) => topics))];
    const partitions = await this.#partitions();
    this.#partitionCount = partitions.length;
    return [...assign(claims, partitions)].map(([memberId, own]) => ({
      memberId,
      assignment: encodeAssignment(own),
    }));
  }

  /** Another leads from now on. */
  retire(): void {
    this.#partitionCount = undefined;
  }

  async haveTopicsGrown(): Promise<boolean> {
    if (this.#partitionCount === undefined) return false;
    const partitions = await this.#partitions().catch(() => []); // The next look will show.
    return partitions.length > this.#partitionCount;
  }

  async #partitions(): Promise<TopicPartition[]> {
    const view = await this.#client.cluster(this.#topics);
    return [...view.topics].flatMap(([topic, { partitions }]) =>
      partitions.map((_, partition) => ({ topic, partition })),
    );
  }
}
