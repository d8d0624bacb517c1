import {
  type DeliveredMessage,
  deadLetterTopicOf,
  headerNames,
  letterHeaders,
  type MessageId,
  type OutgoingMessage,
  type PublishOutcome,
  readEnvelope,
} from '@spillway/broker';
import { extract, type Signal, signals } from '@spillway/otlp';
import type { MessageOutcome } from '@spillway/store';
import type { Item } from './decode-message.ts';

const reasonCharsMax = 1_000;

/**
 * One letter per message and code, holding the refused records as plain OTLP, cut from the
 * client's own bytes. Empty when nothing of the message is refused.
 */
export function lettersOf(item: Item, outcome: MessageOutcome, group: string): OutgoingMessage[] {
  const { decoded } = item;
  if (!decoded) return [];
  const byCode = new Map<string, { reason: string; indexes: number[] }>();
  const add = (code: string, reason: string, index: number): void => {
    const entry = byCode.get(code) ?? { reason, indexes: [] };
    byCode.set(code, entry);
    entry.indexes.push(index);
  };
  for (const { code, reason, index } of decoded.broken) add(code, reason, index);
  outcome.records.forEach((record, i) => {
    const index = decoded.records[i]?.index;
    if (record.status === 'deadLetter' && index !== undefined) {
      add(record.code, record.reason, index);
    }
  });
  return [...byCode].map(([code, { reason, indexes }]) =>
    letter({ item, signal: decoded.signal, group, code, reason, indexes }),
  );
}

interface LetterParts {
  item: Item;
  signal: Signal;
  group: string;
  code: string;
  reason: string;
  indexes: number[];
}

function letter({ item, signal, group, code, reason, indexes }: LetterParts): OutgoingMessage {
  const { topic, partition, position, key, value, headers } = item;
  const sorted = indexes.toSorted((a, b) => a - b);
  const whole = code === 'malformed-message';
  const ordinals = item.ordinals && sorted.map((index) => item.ordinals?.[index] ?? 0);
  return {
    topic: deadLetterTopicOf[signal],
    partition,
    key,
    value: [whole ? value : extract(signal, value, sorted)],
    headers: {
      ...headers,
      [headerNames.receivedMs]: String(readEnvelope(item).receivedMs),
      [letterHeaders.group]: group,
      [letterHeaders.code]: code,
      [letterHeaders.reason]: reason.slice(0, reasonCharsMax),
      [letterHeaders.source]: `${topic}/${partition}/${position}`,
      [letterHeaders.records]: String(sorted.length),
      ...(ordinals && { [headerNames.ordinals]: ordinals.join(',') }),
    },
  };
}

/**
 * What is still to be published of a letter. One that the broker will never take, because its own
 * headers make it larger than the message it was cut from, goes without its records: they count,
 * and they are in the log at its source.
 */
export function unburied(letter: OutgoingMessage, outcome?: PublishOutcome): OutgoingMessage[] {
  if (outcome?.status === 'durable') return [];
  if (outcome?.status !== 'refused' || outcome.code !== 'too-large') return [letter];
  const { [headerNames.ordinals]: _, ...headers } = letter.headers;
  return [{ ...letter, headers, value: [] }];
}

/** A dead letter as it is listed. */
export interface DeadLetter {
  /** `signal/partition/position` in the dead-letter topic. */
  id: string;
  group: string;
  code: string;
  reason: string;
  tenant: string;
  signal: Signal;
  records: number;
  /** False when the records were too large for the dead letters: it cannot be resubmitted. */
  hasBody: boolean;
  /** When the gateway took the message that the records were in. */
  receivedMs: number;
  /** When it became a dead letter. */
  deadSinceMs: number;
  /** No position: it never was on the broker. */
  source: { topic: string; partition: number; position: number | undefined };
  sourceId: MessageId;
  resubmitted: boolean;
}

/** Undefined for markers and for what is no letter of ours. */
export function readLetter(message: DeliveredMessage): DeadLetter | undefined {
  const { headers, partition, position, topic } = message;
  const signal = signals.find((each) => deadLetterTopicOf[each] === topic);
  const group = headers[letterHeaders.group];
  const source = parseSource(headers[letterHeaders.source]);
  if (!signal || !group || !source) return undefined;
  const envelope = readEnvelope({ ...message, ...source, position: source.position ?? 0 });
  return {
    id: `${signal}/${partition}/${position}`,
    group,
    code: headers[letterHeaders.code] ?? 'unknown',
    reason: headers[letterHeaders.reason] ?? '',
    tenant: envelope.tenant,
    signal,
    records: Number(headers[letterHeaders.records]),
    hasBody: message.value.byteLength > 0,
    receivedMs: Number(headers[headerNames.receivedMs]) || envelope.receivedMs,
    deadSinceMs: message.timestampMs,
    source,
    sourceId: envelope.id,
    resubmitted: false,
  };
}

function parseSource(text: string | undefined) {
  const [topic, partition, position] = text?.split('/') ?? [];
  if (!topic || partition === undefined || position === undefined) return undefined;
  const at = position === '' ? undefined : Number(position);
  return { topic, partition: Number(partition), position: at };
}
