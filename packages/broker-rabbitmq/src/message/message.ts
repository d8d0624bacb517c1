import { createHash } from 'node:crypto';
import {
  type DeliveredMessage,
  type Headers,
  headerNames,
  type OutgoingMessage,
  type Position,
} from '@spillway/broker';
import type { Message, Options } from 'amqplib';
import { droppedBytesOf } from './large-content.ts';

/** What RabbitMQ itself adds; some of it changes from one delivery to the next. */
const serverHeader = /^x-((delivery|acquired)-count|stream-offset|death|(first|last)-death-.*)$/;
/** Headers that readers do not see: they come back as `key` and `timestampMs`. */
const transport = { key: 'spillway-key', publishedMs: 'spillway-published-ms' } as const;

export function contentOf({ value }: OutgoingMessage): Buffer {
  const [only] = value;
  if (only === undefined) return Buffer.alloc(0);
  if (value.length > 1) return Buffer.concat(value);
  return Buffer.from(only.buffer, only.byteOffset, only.byteLength);
}

/** AMQP's own timestamp has seconds only. */
export function propertiesOf(
  { key, headers }: OutgoingMessage,
  { messageId, nowMs }: { messageId: string; nowMs: number },
): Options.Publish {
  return {
    mandatory: true,
    persistent: true,
    messageId,
    timestamp: Math.floor(nowMs / 1_000),
    headers: { ...headers, [transport.key]: key, [transport.publishedMs]: String(nowMs) },
  };
}

export function sizeOf({ key, value, headers }: OutgoingMessage): number {
  let bytes = key.length;
  for (const part of value) bytes += part.byteLength;
  for (const name in headers) bytes += name.length + (headers[name] as string).length;
  return bytes;
}

/**
 * Reads a delivered message.
 * @param nowMs stands for the time of a foreign message without one.
 */
export function delivered(message: Message, at: Position, nowMs: number): DeliveredMessage {
  const { content, properties } = message;
  const all: Record<string, unknown> = properties.headers ?? {};
  const headers: Record<string, string> = {};
  for (const name in all) {
    if (!isTransport(name)) headers[name] = textOf(all[name]);
  }
  const { topic, partition, position } = at;
  const bytes = droppedBytesOf(properties);
  return {
    topic,
    partition,
    position,
    ...(bytes !== undefined && { fault: `${bytes} bytes are more than a message may have` }),
    key: transport.key in all ? textOf(all[transport.key]) : '',
    value: content,
    headers,
    timestampMs: publishedMsOf(message) ?? nowMs,
    ...(!(headerNames.seq in headers) && { contentId: contentIdOf(content, headers, bytes) }),
  };
}

/**
 * Reads when a message was published, in ms since the epoch; undefined where its headers do not
 * say.
 */
export function publishedMsOf({ properties }: Message): number | undefined {
  const ms = Number(properties.headers?.[transport.publishedMs]);
  if (Number.isSafeInteger(ms) && ms > 0) return ms;
  return typeof properties.timestamp === 'number' ? properties.timestamp * 1_000 : undefined;
}

function isTransport(name: string): boolean {
  return name === transport.key || name === transport.publishedMs || serverHeader.test(name);
}

/** Another tool's header may be of any AMQP type. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Buffer.isBuffer(value)) return value.toString();
  if (typeof value !== 'object') return String(value);
  try {
    return JSON.stringify(value);
  } catch {
    // Too deep; no header of Spillway is a table.
    return '';
  }
}

/** 53 bits of what the message says: its redelivery has no other name. Of a dropped content its size. */
function contentIdOf(content: Uint8Array, headers: Headers, dropped: number | undefined): number {
  const hash = createHash('sha256');
  const names = Object.keys(headers).sort();
  hash.update(JSON.stringify(names.map((name) => [name, headers[name]]))).update(content);
  if (dropped !== undefined) hash.update(String(dropped));
  return Number(BigInt.asUintN(53, hash.digest().readBigUInt64BE()));
}
