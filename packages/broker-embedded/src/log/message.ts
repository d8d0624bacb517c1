/** A message as a journal entry: u32 head bytes, head as JSON, value. */
import type { DeliveredMessage, Headers, OutgoingMessage, TopicPartition } from '@spillway/broker';
import type { Entry } from '@spillway/journal';

interface Head {
  k: string;
  h: Headers;
}

export function encodeMessage({ key, headers, value }: OutgoingMessage): Uint8Array[] {
  const json = JSON.stringify({ k: key, h: headers } satisfies Head);
  const head = Buffer.allocUnsafe(4 + Buffer.byteLength(json));
  head.writeUInt32LE(head.length - 4, 0);
  head.write(json, 4);
  return [head, ...value];
}

export function decodeMessage(
  { sequence, timestampMs, payload }: Entry,
  { topic, partition }: TopicPartition,
): DeliveredMessage {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const headEnd = 4 + bytes.readUInt32LE(0);
  const { k, h }: Head = JSON.parse(bytes.toString('utf8', 4, headEnd));
  const value = payload.subarray(headEnd);
  return { topic, partition, position: sequence, key: k, value, headers: h, timestampMs };
}
