import {
  type DeliveredMessage,
  deadLetterHeaders,
  deadLetterTopicOf,
  headerNames,
  type MessageId,
  readEnvelope,
  timeMsMax,
} from '@spillway/broker';
import { recordsMax, type Signal, signals } from '@spillway/otlp';

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
  const records = wholeNumber(headers[deadLetterHeaders.records], recordsMax);
  if (headers[deadLetterHeaders.resubmitted] !== undefined) return undefined;
  if (!signal || !group || !source || records === undefined) return undefined;
  const envelope = readEnvelope({ ...message, ...source, position: source.position ?? 0 });
  return {
    id: `${signal}/${partition}/${position}`,
    group,
    code: headers[deadLetterHeaders.code] ?? 'unknown',
    reason: headers[deadLetterHeaders.reason] ?? '',
    tenant: envelope.tenant,
    signal,
    records,
    // One that is too large to be read has one.
    hasBody: message.value.byteLength > 0 || message.fault !== undefined,
    receivedMs: wholeNumber(headers[headerNames.receivedMs], timeMsMax) ?? envelope.receivedMs,
    deadSinceMs: message.timestampMs,
    source,
    sourceId: envelope.id,
    part: headers[deadLetterHeaders.part],
    resubmitted: false,
  };
}

/** The same for a dead letter that is there again, since its message was delivered again. */
export function identityOf({ sourceId, group, code, part }: DeadLetter): string {
  return JSON.stringify([sourceId, group, code, part]);
}

/** What a dead letter takes beside its texts, its places in answers among it. */
const deadLetterBytes = 900;

/** Bytes of memory, estimated. */
export function bytesOf(deadLetter: DeadLetter): number {
  const { id, group, code, reason, tenant, source, sourceId } = deadLetter;
  const texts = [id, group, code, reason, tenant, source.topic, sourceId.gateway, sourceId.topic];
  return texts.reduce((sum, text) => sum + text.length, deadLetterBytes);
}

function parseSource(text: string | undefined) {
  const [topic, partitionText, positionText] = text?.split('/') ?? [];
  const partition = wholeNumber(partitionText, Number.MAX_SAFE_INTEGER);
  const position = wholeNumber(positionText, Number.MAX_SAFE_INTEGER);
  if (!topic || partition === undefined) return undefined;
  if (position === undefined && positionText !== '') return undefined;
  return { topic, partition, position };
}

/** Undefined unless it is one: any program may have written it. */
function wholeNumber(text: string | undefined, max: number): number | undefined {
  const number = text ? Number(text) : Number.NaN;
  return Number.isSafeInteger(number) && number >= 0 && number <= max ? number : undefined;
}
