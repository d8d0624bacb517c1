import { metadataV9 } from '@platformatic/kafka';
import type { TopicPartition } from '@spillway/broker';
import { messageOf } from '@spillway/resilience';
import { errorName } from '../errors.ts';
import type { Connections } from '../platformatic/connections.ts';
import { withErrors } from '../platformatic/with-errors.ts';
import type { Address } from './connection.ts';

export type Leader =
  /** Not asked yet, or not since it was doubted. */
  | { kind: 'unasked' }
  /** The topic, or this partition of it, is not there. */
  | { kind: 'missing' }
  | { kind: 'forbidden'; reason: string }
  /** An election is under way. */
  | { kind: 'none' }
  | { kind: 'node'; node: number };

interface Topic {
  error: string;
  leaders: Map<number, number>;
  askedMs: number;
}

export interface LeadersOptions {
  connections: Connections;
  nowMs: () => number;
  backoffMs: (failures: number) => number;
  /** There is an answer, or none (with why). */
  onAsked: (trouble: string | undefined) => void;
}

/** Asking is calm again when there was no question for this long. */
const calmMs = 5_000;

/** Who leads which partition. One question at a time; the next no sooner than its backoff says. */
export class Leaders {
  readonly #options: LeadersOptions;
  readonly #topics = new Map<string, Topic>();
  #addresses = new Map<number, Address>();
  readonly #wanted = new Set<string>();
  #asking = false;
  #asked = 0;
  #lastMs = Number.NEGATIVE_INFINITY;
  #nextMs = Number.NEGATIVE_INFINITY;

  constructor(options: LeadersOptions) {
    this.#options = options;
  }

  /** Finds the leader from an answer to a question asked after `sinceMs`. */
  find({ topic, partition }: TopicPartition, sinceMs: number): Leader {
    const known = this.#topics.get(topic);
    if (known === undefined || known.askedMs <= sinceMs) return { kind: 'unasked' };
    const { error, leaders } = known;
    if (/AUTHORIZATION/.test(error)) return { kind: 'forbidden', reason: error };
    const node = leaders.get(partition);
    if (node !== undefined) return node < 0 ? { kind: 'none' } : { kind: 'node', node };
    const missing = ['', 'UNKNOWN_TOPIC_OR_PARTITION', 'INVALID_TOPIC_EXCEPTION'].includes(error);
    return { kind: missing ? 'missing' : 'none' };
  }

  addressOf(node: number): Address | undefined {
    return this.#addresses.get(node);
  }

  /** Asks again for this topic, soon. Call it as often as you like. */
  want(topic: string): void {
    this.#wanted.add(topic);
    const nowMs = this.#options.nowMs();
    if (this.#asking || nowMs < this.#nextMs) return;
    if (nowMs - this.#lastMs > calmMs) this.#asked = 0;
    this.#asked += 1;
    this.#lastMs = nowMs;
    this.#nextMs = nowMs + this.#options.backoffMs(this.#asked);
    void this.#ask([...this.#wanted], nowMs);
  }

  async #ask(topics: string[], nowMs: number): Promise<void> {
    this.#asking = true;
    this.#wanted.clear();
    let trouble: string | undefined;
    try {
      const asked = this.#options.connections.askAny(metadataV9.api, topics, false);
      this.#learn(await withErrors(asked), nowMs);
    } catch (error) {
      trouble = messageOf(error);
    }
    this.#asking = false;
    this.#options.onAsked(trouble);
  }

  #learn({ brokers, topics }: metadataV9.MetadataResponse, askedMs: number): void {
    this.#options.connections.learn(brokers);
    this.#addresses = new Map(brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    for (const { name, errorCode, partitions } of topics) {
      const leaders = new Map(partitions.map((one) => [one.partitionIndex, one.leaderId]));
      this.#topics.set(name, { error: errorName(errorCode), leaders, askedMs });
    }
  }
}
