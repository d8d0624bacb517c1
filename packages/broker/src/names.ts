import type { TopicPartition } from './broker.ts';
import type { MessageId } from './envelope.ts';

/** A partition as one word, for maps and for people. */
export function partitionName({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

/** A message as one word: equal for every delivery of the same message. */
export function messageName({ gateway, epoch, topic, partition, sequence }: MessageId): string {
  return `${gateway}/${epoch}/${topic}/${partition}/${sequence}`;
}
