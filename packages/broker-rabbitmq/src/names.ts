import { BrokerError, type TopicPartition } from '@spillway/broker';

/** A stream that remembers which topics and groups there are; kept for ever, and small. */
export const catalogQueue = 'spillway.catalog';
/**
 * The exchange through which members, publishers and readers of the lag report; nothing of it is
 * kept.
 */
export const controlExchange = 'spillway.control';
export const publishedKey = 'published';

/** Names the queue of the one connection that publishes under a name. */
export function publisherQueue(name: string): string {
  return `spillway.publisher/${name}`;
}

export function memberKey(group: string): string {
  return `group.${group}`;
}

/** The topic is an exchange; a group's queue is bound to it by the number of the partition. */
export function groupQueue({ topic, partition }: TopicPartition, group: string): string {
  return `${topic}/${partition}/${group}`;
}

export function keptQueue({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

const namePattern = /^[A-Za-z0-9._-]{1,200}$/;
const queueNameBytesMax = 255;
const partitionDigitsMax = 6;

/** Throws the `BrokerError` `bad-name` for what cannot be the name of a topic or group. */
export function checkName(name: string): void {
  if (namePattern.test(name) && !/^\.+$/.test(name) && !name.startsWith('amq.')) return;
  throw new BrokerError('bad-name', `${JSON.stringify(name)} is not a name of a topic or group`);
}

/** Topic and group are one queue's name, and the server has a limit for that. */
export function checkNames(topic: string, group: string): void {
  checkName(group);
  if (topic.length + group.length + 2 + partitionDigitsMax <= queueNameBytesMax) return;
  throw new BrokerError('bad-name', `${topic} and ${group} together are too long for a queue`);
}
