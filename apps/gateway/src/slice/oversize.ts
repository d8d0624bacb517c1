/**
 * What is larger than the broker takes: cut, and where that is no use, refused record by record.
 */
import { createHash } from 'node:crypto';
import {
  deadLetterHeaders,
  deadLetterTopicOf,
  gatewayGroup,
  type Headers,
  headerNames,
  topicOf,
} from '@spillway/broker';
import { largestValue, type Signal, type Slice, split } from '@spillway/otlp';
import { Refusal } from '../model/refusal.ts';

/** A slice on its way: what was cut for its size knows its records' ordinals. */
export interface FittedSlice extends Slice {
  ordinals?: readonly number[] | undefined;
  /** In place of a record that is refused: a dead letter without a body remembers it. */
  refused?: OversizeRecord | undefined;
}

export interface OversizeRecord {
  /** Bytes of a message with this record alone. */
  bytes: number;
  /** SHA-256 of that message, in hex. */
  digest: string;
  /** For the sender: service, attribute and sizes. */
  reason: string;
}

export interface FitOptions {
  signal: Signal;
  slices: readonly Slice[];
  /** The largest message that the broker takes, with key and headers. */
  messageBytesMax: number;
  /** Room for what the parts are more than the slice. */
  grow: (bytes: number) => Refusal | undefined;
}

/** Bytes of the key and headers of a message, without ordinals. */
const envelopeBytes = 2_048;
/** What surrounds the records is in each part; together they may be this much of the slice. */
const growthMax = 4;

/**
 * Splits slices that are larger than the broker takes, down to single records; others stay as they
 * are.
 */
export function fitSlices(options: FitOptions): readonly FittedSlice[] | Refusal {
  const bytesMax = Math.max(1, options.messageBytesMax - envelopeBytes);
  if (options.slices.every(({ bytes }) => bytes <= bytesMax)) return options.slices;
  const loads: FittedSlice[] = [];
  for (const slice of options.slices) {
    const fitted = slice.bytes <= bytesMax ? [slice] : cut(slice, bytesMax, options);
    if (fitted instanceof Refusal) return fitted;
    loads.push(...fitted);
  }
  return loads;
}

function cut(
  slice: Slice,
  bytesMax: number,
  { signal, grow }: FitOptions,
): FittedSlice[] | Refusal {
  const { partition, chunks } = slice;
  const message = chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
  const found = split(signal, message, { bytesMax, totalBytesMax: growthMax * message.length });
  if (!found) return new Refusal('too-large', repeatedText(signal, message, bytesMax));
  const parts = found.parts.map(({ records, bytes, ordinals }) => {
    return { partition, records, bytes: bytes.length, chunks: [bytes], ordinals };
  });
  const deadLetters = found.oversize.map((alone) => {
    const refused = oversizeRecord(signal, alone, bytesMax);
    return { partition, records: 1, bytes: 0, chunks: [], refused };
  });
  const more = parts.reduce((sum, { bytes }) => sum + bytes, 0) - slice.bytes;
  return (more > 0 ? grow(more) : undefined) ?? [...parts, ...deadLetters];
}

function oversizeRecord(signal: Signal, alone: Uint8Array, bytesMax: number): OversizeRecord {
  const digest = createHash('sha256').update(alone).digest('hex');
  const largest = largestValue(signal, alone);
  const what = largest
    ? `a record of service "${largest.service}": its ${largest.name} has ${largest.bytes} bytes`
    : 'a record that cannot be read';
  const reason = `${what}; it takes ${alone.length} bytes, the broker at most ${bytesMax}`;
  return { bytes: alone.length, digest, reason };
}

function repeatedText(signal: Signal, message: Uint8Array, bytesMax: number): string {
  const largest = largestValue(signal, message);
  const which = largest && ` of service "${largest.service}", whose ${largest.name} is the largest`;
  return (
    `${message.length} bytes cannot be cut into messages of at most ${bytesMax}: ` +
    `too large a resource or scope would be repeated${which ?? ''}`
  );
}

export interface RefusalStamp {
  signal: Signal;
  tenant: string;
  partition: number;
  receivedMs: number;
  /** `gateway/epoch/sequence`, unique among dead letters. */
  seq: string;
}

/**
 * Makes the dead letter that remembers a record which is too large: metadata alone, without its
 * body.
 */
export function deadLetterOf(
  { bytes, digest, reason }: OversizeRecord,
  { signal, tenant, partition, receivedMs, seq }: RefusalStamp,
): { topic: string; headers: Headers } {
  return {
    topic: deadLetterTopicOf[signal],
    headers: {
      [headerNames.tenant]: tenant,
      [headerNames.records]: '1',
      [headerNames.receivedMs]: String(receivedMs),
      [headerNames.seq]: seq,
      [deadLetterHeaders.group]: gatewayGroup,
      [deadLetterHeaders.code]: 'too-large',
      [deadLetterHeaders.reason]: reason.slice(0, 1_000),
      [deadLetterHeaders.source]: `${topicOf[signal]}/${partition}/`,
      [deadLetterHeaders.records]: '1',
      [deadLetterHeaders.bytes]: String(bytes),
      [deadLetterHeaders.digest]: digest,
    },
  };
}
