import type { TopicPartition } from '@spillway/broker';
import { batchHead, type Records, type Stamp } from './record-batch.ts';

/** Version 8: the last without tagged fields; every Kafka from 2.4 on speaks it. */
const apiKey = 0;
const apiVersion = 8;
const allReplicas = -1;

/** One batch of one partition, on its way. */
export interface Sending {
  readonly place: TopicPartition;
  readonly records: Records;
  readonly stamp: Stamp;
}

export interface RequestHead {
  correlationId: number;
  clientId: string;
  /** How long the leader may wait for its replicas. */
  timeoutMs: number;
}

/**
 * A whole produce request as the buffers to be written, the length in front. At most one batch per
 * partition (https://kafka.apache.org/protocol.html#The_Messages_Produce).
 */
export function encodeProduce(head: RequestHead, sendings: readonly Sending[]): Uint8Array[] {
  const byTopic = groupByTopic(sendings);
  const clientId = Buffer.from(head.clientId);
  const start = Buffer.allocUnsafe(4 + 8 + 2 + clientId.length + 2 + 2 + 4 + 4);
  start.writeInt16BE(apiKey, 4);
  start.writeInt16BE(apiVersion, 6);
  start.writeInt32BE(head.correlationId, 8);
  start.writeInt16BE(clientId.length, 12);
  clientId.copy(start, 14);
  let at = start.writeInt16BE(-1, 14 + clientId.length); // No transactional id.
  at = start.writeInt16BE(allReplicas, at);
  at = start.writeInt32BE(head.timeoutMs, at);
  start.writeInt32BE(byTopic.size, at);
  const parts: Uint8Array[] = [start];
  for (const [topic, group] of byTopic) {
    parts.push(topicHead(topic, group.length));
    for (const { place, records, stamp } of group) {
      parts.push(partitionHead(place.partition, records.batchBytes), batchHead(records, stamp));
      for (const part of records.parts) parts.push(part);
    }
  }
  let bytes = -4;
  for (const part of parts) bytes += part.length;
  start.writeInt32BE(bytes, 0);
  return parts;
}

function groupByTopic(sendings: readonly Sending[]): Map<string, Sending[]> {
  const groups = new Map<string, Sending[]>();
  for (const sending of sendings) {
    const group = groups.get(sending.place.topic);
    if (group === undefined) groups.set(sending.place.topic, [sending]);
    else group.push(sending);
  }
  return groups;
}

function topicHead(topic: string, partitions: number): Buffer {
  const length = Buffer.byteLength(topic);
  const head = Buffer.allocUnsafe(2 + length + 4);
  head.writeInt16BE(length, 0);
  head.write(topic, 2);
  head.writeInt32BE(partitions, 2 + length);
  return head;
}

function partitionHead(partition: number, bytes: number): Buffer {
  const head = Buffer.allocUnsafe(8);
  head.writeInt32BE(partition, 0);
  head.writeInt32BE(bytes, 4);
  return head;
}
