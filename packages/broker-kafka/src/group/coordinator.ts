import { BrokerError } from '@spillway/broker';
import type { KafkaClient } from '../client.ts';
import { KafkaError, reasonOf } from '../errors.ts';

/** The broker that keeps a group, wherever that is at present. */
export class Coordinator {
  readonly #client: KafkaClient;
  readonly #group: string;
  #node: number | undefined;

  constructor(client: KafkaClient, group: string) {
    this.#client = client;
    this.#group = group;
  }

  /** Asks it; where that fails in a way that passes, the next question looks for it again. */
  async ask<T>(question: (node: number) => Promise<T>): Promise<T> {
    try {
      this.#node ??= await this.#client.coordinator(this.#group);
      return await question(this.#node);
    } catch (error) {
      if (isPassing(error)) this.#node = undefined;
      throw error;
    }
  }
}

/** No answer, or one that the coordinator is elsewhere or not ready. */
export function isPassing(error: unknown): boolean {
  if (/COORDINATOR/.test(reasonOf(error))) return true;
  return !(error instanceof KafkaError) || error.code !== 'answer';
}

/** The group goes on without this member. */
export function isFencing(error: unknown): boolean {
  return ['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID'].includes(
    reasonOf(error),
  );
}

/** Neither passes by itself nor by waiting. */
export function isHopeless(error: unknown): boolean {
  if (error instanceof BrokerError || hopeless.has(reasonOf(error))) return true;
  return error instanceof KafkaError && ['login', 'certificate', 'config'].includes(error.code);
}

const hopeless = new Set([
  'INCONSISTENT_GROUP_PROTOCOL',
  'INVALID_GROUP_ID',
  'INVALID_SESSION_TIMEOUT',
  'GROUP_AUTHORIZATION_FAILED',
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_MAX_SIZE_REACHED',
]);
