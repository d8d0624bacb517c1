/** Which of the 65,536 slots an ordering key falls to. Cheap: it is paid for every record. */
import { xxh3 } from '@node-rs/xxhash';
import { wireBytes, wireFixed32, wireFixed64, wireVarint } from '../reader.ts';

const traceIdField = 1;
const traceIdBytes = 16;
const traceIdTag = (traceIdField << 3) | 2;

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
    let tag = bytes[pos++] as number;
    if (tag >= 0x80) {
      tag &= 0x7f;
      for (let shift = 7; ; shift += 7) {
        if (pos >= end || shift > 28) return 0;
        const byte = bytes[pos++] as number;
        tag |= (byte & 0x7f) << shift;
        if (byte < 0x80) break;
      }
    }
    switch (tag & 7) {
      case wireVarint: {
        const first = pos;
        while (pos < end && (bytes[pos] as number) >= 0x80) pos++;
        pos++;
        if (pos - first > 10) return 0;
        break;
      }
      case wireFixed64:
        pos += 8;
        break;
      case wireBytes: {
        let length = bytes[pos++] as number;
        if (length >= 0x80) {
          length &= 0x7f;
          for (let shift = 7; ; shift += 7) {
            if (pos >= end || shift > 28) return 0;
            const byte = bytes[pos++] as number;
            length += (byte & 0x7f) * 2 ** shift;
            if (byte < 0x80) break;
          }
        }
        pos += length;
        if (tag >>> 3 === traceIdField) {
          const valid = length === traceIdBytes && pos <= end;
          slot = valid ? ((bytes[pos - 2] as number) << 8) | (bytes[pos - 1] as number) : 0;
        }
        break;
      }
      case wireFixed32:
        pos += 4;
        break;
      default:
        return 0;
    }
  }
  return pos === end ? slot : 0;
}

/** The low 16 bits of the xxh3-64 of the resource's bytes. */
export function slotOfResource(bytes: Uint8Array): number {
  return Number(xxh3.xxh64(bytes) & 0xffffn);
}
