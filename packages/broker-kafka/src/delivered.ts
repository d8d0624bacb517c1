import type { DeliveredMessage, TopicPartition } from '@spillway/broker';
import type { FetchedRecord } from './client.ts';

export function delivered(
  { topic, partition }: TopicPartition,
  { position, timestampMs, key, value, headers, fault }: FetchedRecord,
): DeliveredMessage {
  const message = { topic, partition, position, timestampMs, key, value, headers };
  return fault === undefined ? message : { ...message, fault };
}
