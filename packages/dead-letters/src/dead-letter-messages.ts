import {
  type DeliveredMessage,
  deadLetterHeaders,
  deadLetterTopicOf,
  type Headers,
  headerNames,
  type Position,
  resubmitGateway,
  topicOf,
} from '@spillway/broker';
import { protobufToJson, type Signal, signals, TooManyFields } from '@spillway/otlp';
import type { DeadLetter } from './dead-letter.ts';

/** Records of more bytes, or of more fields, are not shown: a message of some may take 300 MB as JSON. */
const [shownBytesMax, shownFieldsMax] = [1_048_576, 50_000];

/** The records of a dead letter, for people. */
export interface ReadableRecords {
  /** Empty where the dead letter has none, and where they are too many to be shown. */
  body: string;
  /** Bytes of its records on the wire. */
  bodyBytes: number;
}

/** Reads the place out of the id of a dead letter; undefined for what cannot be one. */
export function placeOf(id: string): Position | undefined {
  const [name, partition, position] = /^([a-z]+)\/(\d{1,9})\/(\d{1,15})$/.exec(id)?.slice(1) ?? [];
  const signal = signals.find((each) => each === name);
  if (!signal) return undefined;
  const topic = deadLetterTopicOf[signal];
  return { topic, partition: Number(partition), position: Number(position) };
}

/** Makes the message that sends a dead letter back to the group that refused it. */
export function resubmission(deadLetter: DeadLetter, message: DeliveredMessage) {
  const ordinals = message.headers[headerNames.ordinals];
  const headers: Record<string, string> = {
    [headerNames.tenant]: deadLetter.tenant,
    [headerNames.records]: String(deadLetter.records),
    [headerNames.receivedMs]: String(deadLetter.receivedMs),
    [headerNames.seq]: `${resubmitGateway}/0/${message.position}`,
    [headerNames.onlyGroup]: deadLetter.group,
  };
  if (ordinals !== undefined) headers[headerNames.ordinals] = ordinals;
  const { partition } = deadLetter.source;
  return {
    topic: topicOf[deadLetter.signal],
    partition,
    key: message.key,
    value: [message.value],
    headers,
  };
}

/** Makes the message that marks a dead letter as sent back. */
export function marker(deadLetter: DeadLetter, message: DeliveredMessage) {
  const headers: Headers = { [deadLetterHeaders.resubmitted]: String(message.position) };
  const topic = deadLetterTopicOf[deadLetter.signal];
  return { topic, partition: message.partition, key: message.key, value: [], headers };
}

/** Reads records as OTLP/JSON; as base64 where they are no OTLP. */
export function readable(signal: Signal, value: Uint8Array): ReadableRecords {
  const bodyBytes = value.byteLength;
  if (bodyBytes > shownBytesMax) return { body: '', bodyBytes };
  try {
    return { body: protobufToJson(signal, value, { fieldsMax: shownFieldsMax }), bodyBytes };
  } catch (error) {
    if (error instanceof TooManyFields) return { body: '', bodyBytes };
    return { body: Buffer.from(value).toString('base64'), bodyBytes };
  }
}
