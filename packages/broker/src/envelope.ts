/** Names on the wire that every producer and consumer of Spillway agrees on. */
import type { Signal } from '@spillway/otlp';
import type { Headers, TopicPartition } from './broker.ts';

/** The topics of the OpenTelemetry Collector's Kafka exporter, so that either side can be ours. */
export const topicOf: Readonly<Record<Signal, string>> = {
  traces: 'otlp_spans',
  metrics: 'otlp_metrics',
  logs: 'otlp_logs',
};

export const deadLetterTopicOf: Readonly<Record<Signal, string>> = {
  traces: 'otlp_spans_dlq',
  metrics: 'otlp_metrics_dlq',
  logs: 'otlp_logs_dlq',
};

/** Gateways note here, every few seconds, what they made durable. One partition. */
export const ledgerTopic = 'spillway_ledger';

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
  /** Undefined for foreign messages: only decoding tells. */
  records: number | undefined;
  receivedMs: number;
  traceparent: string | undefined;
  /** Set on a resubmitted dead letter: only this group takes it. */
  onlyGroup: string | undefined;
  /** Of a resubmitted dead letter or a split message: each record's ordinal, so that keys stay. */
  ordinals: number[] | undefined;
}

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

export const defaultTenant = 'default';
export const foreignGateway = 'foreign';
/**
 * Gateway name of resubmitted dead letters; the sequence is the letter's position. They are not
 * accepted anew: what they carry was accepted with the message that the letter was cut from.
 */
export const resubmitGateway = 'resubmit';

export interface Stamp {
  gateway: string;
  epoch: number;
  sequence: number;
  tenant: string;
  records: number;
  receivedMs: number;
  traceparent?: string | undefined;
  /** Of a part of a message that was split: each record's ordinal, so that keys stay. */
  ordinals?: readonly number[] | undefined;
}

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

export interface Placed extends TopicPartition {
  position: number;
  timestampMs: number;
  headers: Headers;
  contentId?: number | undefined;
}

/** Reads the headers back. A message without ours, or with broken ones, is foreign. */
export function readEnvelope(message: Placed): Envelope {
  const { headers, topic, partition } = message;
  const seq = parseSeq(headers[headerNames.seq]);
  const tenant = headers[headerNames.tenant];
  const records = Number(headers[headerNames.records]);
  const receivedMs = Number(headers[headerNames.receivedMs]);
  const ours = seq && tenant && Number.isSafeInteger(records) && Number.isSafeInteger(receivedMs);
  const common = {
    traceparent: headers[headerNames.traceparent],
    onlyGroup: headers[headerNames.onlyGroup],
    ordinals: headers[headerNames.ordinals]?.split(',').map(Number),
  };
  if (ours) {
    return {
      id: { ...seq, topic, partition },
      foreign: false,
      tenant,
      records,
      receivedMs,
      ...common,
    };
  }
  const sequence = message.contentId ?? message.position;
  return {
    id: { gateway: foreignGateway, epoch: 0, topic, partition, sequence },
    foreign: true,
    tenant: defaultTenant,
    records: undefined,
    receivedMs: message.timestampMs,
    ...common,
  };
}

/** The gateway's name may hold any character but '/'. */
function parseSeq(text: string | undefined) {
  const parts = text?.split('/');
  if (parts?.length !== 3) return undefined;
  const [gateway, epoch, sequence] = [parts[0] as string, Number(parts[1]), Number(parts[2])];
  if (!gateway || !Number.isSafeInteger(epoch) || !Number.isSafeInteger(sequence)) return undefined;
  return { gateway, epoch, sequence };
}
