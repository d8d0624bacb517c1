/** Saying which messages are gone, as far as what is left shows. */
import type { TopicPartition } from '@spillway/broker';
import type { JournalEvent } from '@spillway/journal';
import type { MessagesLost } from '../events.ts';
import type { Item } from './index-chunk.ts';
import { rangesOf, type SpilledRange } from './inventory.ts';
import type { Queue } from './queue.ts';

/** Ordinals that no entry has: lost, or once given to messages that were refused. */
export interface Gap {
  partition: TopicPartition;
  messages: number;
  before: Item | undefined;
  after: Item;
}

/** Whether entries of the journal are gone, so that a gap means a loss. */
export function meansLoss({ type }: JournalEvent): boolean {
  return type === 'segment-quarantined' || type === 'segment-missing';
}

export function lossOfGap({ partition, messages, before, after }: Gap): MessagesLost {
  const between = after.messageSequence - (before?.messageSequence ?? Number.NaN) - 1;
  const known = before?.origin === after.origin && between === messages;
  const to = after.messageSequence - 1;
  const range = known ? { ...after.origin, from: to - messages + 1, to } : undefined;
  return lossOf(partition, messages, range);
}

/** Takes what cannot be read any more out of the queues. */
export function dropLost(queues: Iterable<Queue>, isLost: (item: Item) => boolean): MessagesLost[] {
  const events: MessagesLost[] = [];
  for (const queue of queues) {
    const lost = [...queue.waiting()].filter(isLost);
    for (const item of lost) queue.remove(item);
    for (const range of rangesOf(queue.partition, lost)) events.push(lossOfRange(range));
  }
  return events;
}

function lossOfRange({ topic, partition, ...range }: SpilledRange): MessagesLost {
  return lossOf({ topic, partition }, range.to - range.from + 1, range);
}

function lossOf(
  { topic, partition }: TopicPartition,
  messages: number,
  range: { gateway: string; epoch: number; from: number; to: number } | undefined,
): MessagesLost {
  const names = range && ` of ${range.gateway}/${range.epoch}: ${range.from} to ${range.to}`;
  const message = `${messages} spilled messages of ${topic}/${partition} are lost${names ?? ''}`;
  return { type: 'messages-lost', topic, partition, messages, range, message };
}
