/** Names on the wire that every producer and consumer of Spillway agrees on. */
import { recordsMax, type Signal } from '@spillway/otlp';
import type { Headers, TopicPartition } from './broker.ts';

/** The topics of the OpenTelemetry Collector's Kafka exporter, so that Spillway can be on either side. */
export const topicOf: Readonly<Record<Signal, string>> = {
  traces: 'otlp_spans',
  metrics: 'otlp_metrics',
  logs: 'otlp_logs',
};

/** The topic of the dead letters of each signal. */
export const deadLetterTopicOf: Readonly<Record<Signal, string>> = {
  traces: 'otlp_spans_dlq',
  metrics: 'otlp_metrics_dlq',
  logs: 'otlp_logs_dlq',
};

/** Gateways note here, every few seconds, what they made durable. One partition. */
export const ledgerTopic = 'spillway_ledger';

/** Finds the signal of an OTLP topic; undefined for any other topic. */
export function signalOf(topic: string): Signal | undefined {
  return signalByTopic.get(topic);
}

const signalByTopic = new Map<string, Signal>(
  (Object.keys(topicOf) as Signal[]).map((signal) => [topicOf[signal], signal]),
);

/** Who made a message durable, and as which one: unique for ever. */
export interface MessageId {
  gateway: string;
  epoch: number;
  topic: string;
  partition: number;
  /** From 1, per gateway, epoch, topic and partition. */
  sequence: number;
}

/** `foreign` messages (another tool wrote them) are named by their place in the log. */
export interface Envelope {
  id: MessageId;
  foreign: boolean;
  tenant: string;
  /** Undefined for foreign messages: only decoding shows. */
  records: number | undefined;
  receivedMs: number;
  traceparent: string | undefined;
  /** Set on a resubmitted dead letter: only this group takes it. */
  onlyGroup: string | undefined;
  /** For a resubmitted dead letter or a split message: each record's ordinal, so that keys stay. */
  ordinals: number[] | undefined;
}

/** Names of the headers that Spillway writes. */
export const headerNames = {
  tenant: 'spillway-tenant',
  records: 'spillway-records',
  receivedMs: 'spillway-received-ms',
  /** gateway, epoch, sequence: `gw-1/1732350000000/42`. */
  seq: 'spillway-seq',
  traceparent: 'traceparent',
  onlyGroup: 'spillway-only-group',
  ordinals: 'spillway-ordinals',
} as const;

/** The tenant where no API keys are configured. */
export const defaultTenant = 'default';

/** The gateway name of messages that another program wrote. */
export const foreignGateway = 'foreign';
/**
 * Gateway name of resubmitted dead letters; the sequence is the position of the dead letter. They
 * are not accepted again: what they carry was accepted with the message that the dead letter was
 * cut from.
 */
export const resubmitGateway = 'resubmit';

/** What a gateway writes into the headers of a message. */
export interface Stamp {
  gateway: string;
  epoch: number;
  sequence: number;
  tenant: string;
  records: number;
  receivedMs: number;
  traceparent?: string | undefined;
  /** For a part of a message that was split: each record's ordinal, so that keys stay. */
  ordinals?: readonly number[] | undefined;
}

/** Writes what Spillway knows of a message into its headers; `readEnvelope` reads it. */
export function stampHeaders(stamp: Stamp): Headers {
  const headers: Record<string, string> = {
    [headerNames.tenant]: stamp.tenant,
    [headerNames.records]: String(stamp.records),
    [headerNames.receivedMs]: String(stamp.receivedMs),
    [headerNames.seq]: `${stamp.gateway}/${stamp.epoch}/${stamp.sequence}`,
  };
  if (stamp.traceparent !== undefined) headers[headerNames.traceparent] = stamp.traceparent;
  if (stamp.ordinals !== undefined) headers[headerNames.ordinals] = stamp.ordinals.join(',');
  return headers;
}

/** A message with its place in the broker. */
export interface Placed extends TopicPartition {
  position: number;
  /** Undefined before a broker took it. */
  timestampMs: number | undefined;
  headers: Headers;
  contentId?: number | undefined;
}

/** Most characters in the name of a tenant or a gateway. */
export const nameCharsMax = 255;
/** The last minute of the ledger that every store can hold. */
export const timeMsMax = (2 ** 31 - 1) * 60_000;
const dayMs = 86_400_000;
/**
 * How long a message may have been with us before the broker took it: in a spill, or as a dead letter.
 * Stores keep a day together, so whoever writes any time there would make them thousands of days.
 */
const receivedBeforeMsMax = 90 * dayMs;
/** Clocks may differ by so much. */
const receivedBehindMsMax = 2 * dayMs;
/** Seven digits for each record. */
const ordinalsCharsMax = 8 * recordsMax;

/** Reads the headers back. A message without them, or with broken ones, is foreign. */
export function readEnvelope(message: Placed): Envelope {
  const { headers, topic, partition } = message;
  const seq = parseSeq(headers[headerNames.seq]);
  const tenant = headers[headerNames.tenant];
  const records = wholeNumber(headers[headerNames.records], recordsMax);
  const receivedMs = receivedOf(headers[headerNames.receivedMs], message.timestampMs);
  const ordinals = parseOrdinals(headers[headerNames.ordinals]);
  const isNamed = seq && tenant && tenant.length <= nameCharsMax && ordinals !== null;
  const common = {
    traceparent: headers[headerNames.traceparent],
    onlyGroup: headers[headerNames.onlyGroup],
  };
  if (isNamed && records !== undefined && receivedMs !== undefined) {
    return {
      id: { ...seq, topic, partition },
      foreign: false,
      tenant,
      records,
      receivedMs,
      ...common,
      ordinals,
    };
  }
  const sequence = message.contentId ?? message.position;
  return {
    id: { gateway: foreignGateway, epoch: 0, topic, partition, sequence },
    foreign: true,
    tenant: defaultTenant,
    records: undefined,
    // Any program may have written it: -1, or beyond what a store can place.
    receivedMs: wholeNumber(message.timestampMs, timeMsMax) ?? 0,
    ...common,
    ordinals: undefined,
  };
}

/**
 * Reads the time that the gateway wrote, as far as the broker's day bears it out: where each group
 * receives another time, they still agree.
 */
function receivedOf(text: string | undefined, timestampMs: number | undefined) {
  const receivedMs = wholeNumber(text, timeMsMax);
  if (receivedMs === undefined || timestampMs === undefined) return receivedMs;
  const todayMs = timestampMs - (timestampMs % dayMs);
  const earliestMs = Math.max(0, todayMs - receivedBeforeMsMax);
  const latestMs = Math.max(0, todayMs + receivedBehindMsMax);
  return Math.min(Math.max(receivedMs, earliestMs), latestMs);
}

/** Undefined unless it is one, from 0 to `max`. */
function wholeNumber(value: string | number | undefined, max: number): number | undefined {
  const number = value === undefined || value === '' ? Number.NaN : Number(value);
  return Number.isSafeInteger(number) && number >= 0 && number <= max ? number : undefined;
}

/** Null where they are not what a gateway writes. */
function parseOrdinals(text: string | undefined): number[] | undefined | null {
  if (text === undefined) return undefined;
  if (text.length > ordinalsCharsMax) return null;
  const ordinals = text.split(',').map((each) => wholeNumber(each, recordsMax) ?? -1);
  return ordinals.includes(-1) ? null : ordinals;
}

/** The gateway's name may hold any character but '/'. */
function parseSeq(text: string | undefined) {
  const parts = text?.split('/');
  if (parts?.length !== 3) return undefined;
  const gateway = parts[0] as string;
  const epoch = wholeNumber(parts[1], Number.MAX_SAFE_INTEGER);
  const sequence = wholeNumber(parts[2], Number.MAX_SAFE_INTEGER);
  const isNamed = gateway !== '' && gateway.length <= nameCharsMax;
  if (!isNamed || epoch === undefined || sequence === undefined) return undefined;
  return { gateway, epoch, sequence };
}
