/** What the tests of this package share. */

import type { Broker, DeliveredMessage, OutgoingMessage, Subscription } from '@spillway/broker';
import { until } from '@spillway/test-support/until';

export const mebibyte = 1_048_576;

export function message(topic: string, text: string, partition = 0): OutgoingMessage {
  return { topic, partition, key: 'k', value: [Buffer.from(text)], headers: {} };
}

export function textOf({ value }: DeliveredMessage): string {
  return Buffer.from(value).toString();
}

export async function publishAll(broker: Broker, messages: OutgoingMessage[]): Promise<void> {
  let left = messages;
  await until(async () => {
    const outcomes = await broker.publish(left);
    left = left.filter((_, i) => outcomes[i]?.status !== 'durable');
    return left.length === 0;
  }, 'durable');
}

export async function take(member: Subscription, count: number): Promise<DeliveredMessage[]> {
  const found: DeliveredMessage[] = [];
  await until(async () => {
    const { signal } = new AbortController();
    found.push(...(await member.poll({ bytesMax: mebibyte, waitMs: 100, abort: signal })));
    return found.length >= count;
  }, `${count} messages`);
  return found;
}

/** Texts in the order in which they came first. */
export async function takeAll(member: Subscription, count: number): Promise<string[]> {
  const found = new Set<string>();
  await until(async () => {
    for (const each of await take(member, 1)) found.add(textOf(each));
    return found.size >= count;
  }, `${count} messages`);
  return [...found];
}

export function sum(lag: readonly { messages: number | null }[]): number {
  return lag.reduce((total, { messages }) => total + (messages ?? Number.NaN), 0);
}
