/** A message on a topic as one input: u8 topic, u16 length of the headers as JSON, headers, value. */
import { type DeliveredMessage, deadLetterTopicOf, ledgerTopic, topicOf } from '@spillway/broker';
import { signals } from '@spillway/otlp';
import { mutateBytes } from './mutate/bytes.ts';
import { mutateJson } from './mutate/json.ts';
import type { Mutation } from './mutate/mutation.ts';
import { mutateProtobuf } from './mutate/protobuf.ts';

const topics = [
  ...signals.map((signal) => topicOf[signal]),
  ...signals.map((signal) => deadLetterTopicOf[signal]),
  ledgerTopic,
];

export function packMessage(topic: number, headers: string, value: Uint8Array): Buffer {
  const text = Buffer.from(headers).subarray(0, 65_535);
  const head = Buffer.alloc(3);
  head[0] = topic;
  head.writeUInt16LE(text.length, 1);
  return Buffer.concat([head, text, value]);
}

export function unpackMessage(input: Uint8Array, position: number): DeliveredMessage {
  const { topic, headers, value } = parts(input);
  return {
    topic: topics[topic % topics.length] as string,
    partition: 0,
    position,
    key: 'k',
    timestampMs: 1_764_400_000_000,
    headers: headersOf(headers),
    value: Uint8Array.from(value),
  };
}

/** The value, the headers, or both. */
export function mutateMessage(input: Uint8Array, mutation: Mutation): Uint8Array {
  const { random } = mutation;
  const { topic, headers, value } = parts(input);
  const inner = { ...mutation, other: () => parts(mutation.other()).value };
  const turn = random.below(5);
  const changed =
    turn < 3 ? mutateProtobuf(value, inner) : turn === 3 ? mutateBytes(value, inner) : value;
  const about = { ...mutation, bytesMax: 4_000, other: () => parts(mutation.other()).headers };
  const more = random.chance(turn === 4 ? 1 : 0.2) ? mutateJson(headers, about) : headers;
  return packMessage(
    random.chance(0.02) ? random.below(7) : topic,
    Buffer.from(more).toString(),
    changed,
  );
}

function parts(input: Uint8Array) {
  const bytes = Buffer.from(input);
  const length = bytes.length < 3 ? 0 : bytes.readUInt16LE(1);
  return {
    topic: bytes[0] ?? 0,
    headers: bytes.subarray(3, 3 + length),
    value: bytes.subarray(3 + length),
  };
}

/** Brokers deliver texts: what is none is left out. */
function headersOf(bytes: Buffer): Record<string, string> {
  try {
    const parsed = Object.entries(JSON.parse(bytes.toString('utf8')) as object);
    return Object.fromEntries(parsed.map(([name, value]) => [name, String(value)]));
  } catch {
    return {};
  }
}
