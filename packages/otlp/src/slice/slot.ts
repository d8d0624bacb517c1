/** Which of the 65,536 slots an ordering key falls to. Cheap: it is paid for every record. */
import { xxh3 } from '@node-rs/xxhash';
import { wireBytes, wireFixed32, wireFixed64, wireVarint } from '../reader.ts';

const traceIdField = 1;
const traceIdBytes = 16;
const traceIdTag = (traceIdField << 3) | 2;
/** Bytes of a varint of 64 bits, and of one of 32: a tag, or a length. */
const varintBytesMax = 10;
const shortVarintBytesMax = 5;

/**
 * The last two bytes of a span's trace id, big-endian: an id is random already, except that some
 * (X-Ray's) begin with a timestamp. A span without a valid id, or malformed before its end, falls
 * to slot 0: its decoder will call it broken. A span that begins with its id is not read further;
 * should a second id follow, which no encoder writes, its trace may be spread over partitions.
 */
export function slotOfSpan(bytes: Uint8Array, start: number, end: number): number {
  const first = start + 2 + traceIdBytes;
  // As every known encoder writes it: the id comes first, and only once.
  if (first <= end && bytes[start] === traceIdTag && bytes[start + 1] === traceIdBytes) {
    return ((bytes[first - 2] as number) << 8) | (bytes[first - 1] as number);
  }
  return slotOfUnusualSpan(bytes, start, end);
}

/** The last of several ids counts, as in protobuf; 0 for a span that is malformed. */
function slotOfUnusualSpan(bytes: Uint8Array, start: number, end: number): number {
  let slot = 0;
  let pos = start;
  while (pos < end) {
    const value = varintEnd(bytes, pos, Math.min(end, pos + shortVarintBytesMax));
    if (value > end) return 0;
    const tag = varintIn(bytes, pos, value);
    pos = fieldEnd(bytes, tag, value, end);
    if (tag === traceIdTag) slot = pos <= end ? slotOfId(bytes, value, pos) : 0;
  }
  return pos === end ? slot : 0;
}

/** Where the field ends whose value begins at `pos`; beyond `end` when it is malformed. */
function fieldEnd(bytes: Uint8Array, tag: number, pos: number, end: number): number {
  switch (tag & 7) {
    case wireVarint:
      return varintEnd(bytes, pos, Math.min(end, pos + varintBytesMax));
    case wireFixed64:
      return pos + 8;
    case wireBytes: {
      const content = varintEnd(bytes, pos, Math.min(end, pos + shortVarintBytesMax));
      return content > end ? content : content + varintIn(bytes, pos, content);
    }
    case wireFixed32:
      return pos + 4;
    default:
      return bytes.length + 1;
  }
}

/** 0 for an id that has not 16 bytes. */
function slotOfId(bytes: Uint8Array, pos: number, end: number): number {
  if (end - varintEnd(bytes, pos, end) !== traceIdBytes) return 0;
  return ((bytes[end - 2] as number) << 8) | (bytes[end - 1] as number);
}

/** Where the varint at `pos` ends; behind all bytes when it does not end before `limit`. */
function varintEnd(bytes: Uint8Array, pos: number, limit: number): number {
  for (let at = pos; at < limit; at++) if ((bytes[at] as number) < 0x80) return at + 1;
  return bytes.length + 1;
}

/** The number that a varint from `pos` to `end` holds: exact, as it is short. */
function varintIn(bytes: Uint8Array, pos: number, end: number): number {
  let value = 0;
  for (let at = end - 1; at >= pos; at--) value = value * 0x80 + ((bytes[at] as number) & 0x7f);
  return value;
}

/** The low 16 bits of the xxh3-64 of the resource's bytes. */
export function slotOfResource(bytes: Uint8Array): number {
  return Number(xxh3.xxh64(bytes) & 0xffffn);
}
