import {
  type DeliveredMessage,
  deadLetterHeaders,
  deadLetterTopicOf,
  headerNames,
  type MessageId,
  readEnvelope,
} from '@spillway/broker';
import { type Signal, signals } from '@spillway/otlp';

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
  /**
   * Index of its first record in the message, where the dead letter is about a part of a message.
   */
  part: string | undefined;
  resubmitted: boolean;
}

/**
 * Reads a message of a dead-letter topic as it is listed, without its records. Undefined for a
 * marker, and for what Spillway did not write there.
 */
export function readDeadLetter(message: DeliveredMessage): DeadLetter | undefined {
  const { headers, partition, position, topic } = message;
  const signal = signals.find((each) => deadLetterTopicOf[each] === topic);
  const group = headers[deadLetterHeaders.group];
  const source = parseSource(headers[deadLetterHeaders.source]);
  if (!signal || !group || !source) return undefined;
  const envelope = readEnvelope({ ...message, ...source, position: source.position ?? 0 });
  return {
    id: `${signal}/${partition}/${position}`,
    group,
    code: headers[deadLetterHeaders.code] ?? 'unknown',
    reason: headers[deadLetterHeaders.reason] ?? '',
    tenant: envelope.tenant,
    signal,
    records: Number(headers[deadLetterHeaders.records]),
    // One that is too large to be read has one.
    hasBody: message.value.byteLength > 0 || message.fault !== undefined,
    receivedMs: Number(headers[headerNames.receivedMs]) || envelope.receivedMs,
    deadSinceMs: message.timestampMs,
    source,
    sourceId: envelope.id,
    part: headers[deadLetterHeaders.part],
    resubmitted: false,
  };
}

function parseSource(text: string | undefined) {
  const [topic, partition, position] = text?.split('/') ?? [];
  if (!topic || partition === undefined || position === undefined) return undefined;
  const at = position === '' ? undefined : Number(position);
  return { topic, partition: Number(partition), position: at };
}
