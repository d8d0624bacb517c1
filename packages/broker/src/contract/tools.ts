/** What the parts of the contract suite share. */

import { randomUUID } from 'node:crypto';
import { until } from '@spillway/test-support/until';
import { expect } from 'vitest';
import type {
  Broker,
  DeliveredMessage,
  OutgoingMessage,
  PublishOutcome,
  Subscription,
} from '../broker.ts';

/** However slow the broker, and after a kill of it, what was published is there by then. */
const pollMs = 250;

/** Names that no earlier test used: a broker may be shared by many runs. */
export function freshName(what: string): string {
  return `${what}-${randomUUID().slice(0, 8)}`;
}

/** Groups that subscribe after something was published must be named here: see `TopicSpec.groups`. */
export async function freshTopic(
  broker: Broker,
  partitions = 1,
  groups: readonly string[] = [],
): Promise<string> {
  const name = freshName('topic');
  await broker.ensureTopics([{ name, partitions, groups }]);
  return name;
}

export function messageOf(
  topic: string,
  text: string,
  rest: Partial<OutgoingMessage> = {},
): OutgoingMessage {
  return { topic, partition: 0, key: 'k', value: [Buffer.from(text)], headers: {}, ...rest };
}

/** Publishes and expects all to be durable; answers the positions. */
export async function publishAll(
  broker: Broker,
  messages: readonly OutgoingMessage[],
): Promise<(number | undefined)[]> {
  const outcomes = await broker.publish(messages);
  expect(outcomes).toHaveLength(messages.length);
  return outcomes.map((outcome) => positionOf(outcome));
}

export function publishTexts(broker: Broker, topic: string, texts: readonly string[]) {
  return publishAll(
    broker,
    texts.map((text) => messageOf(topic, text)),
  );
}

export function textOf(message: DeliveredMessage): string {
  return Buffer.from(message.value).toString();
}

export function texts(messages: readonly DeliveredMessage[]): string[] {
  return messages.map(textOf);
}

export function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

/** Polls once, for a moment. */
export function pollOnce(subscription: Subscription, waitMs = pollMs, bytesMax = 1024 * 1024) {
  return subscription.poll({ bytesMax, waitMs, abort: new AbortController().signal });
}

/** Polls until there are `count` messages; fails when there are not in good time. */
export async function pollCount(
  subscription: Subscription,
  count: number,
): Promise<DeliveredMessage[]> {
  const found: DeliveredMessage[] = [];
  await until(async () => {
    found.push(...(await pollOnce(subscription)));
    return found.length >= count;
  }, `${count} messages`);
  expect(found).toHaveLength(count);
  return found;
}

/** Polls until it `suffices`; answers all there was by then. */
export async function pollUntil(
  subscription: Subscription,
  suffices: (found: readonly DeliveredMessage[]) => boolean,
): Promise<DeliveredMessage[]> {
  const found: DeliveredMessage[] = [];
  await until(async () => {
    found.push(...(await pollOnce(subscription)));
    return suffices(found);
  }, 'enough messages');
  return found;
}

export async function commitAll(
  subscription: Subscription,
  messages: readonly DeliveredMessage[],
): Promise<void> {
  const last = new Map<string, DeliveredMessage>();
  for (const message of messages) last.set(`${message.topic}/${message.partition}`, message);
  await subscription.commit([...last.values()]);
}

function positionOf(outcome: PublishOutcome): number | undefined {
  if (outcome.status !== 'durable') throw new Error(`Not durable: ${JSON.stringify(outcome)}`);
  return outcome.position;
}
