import { entryHeaderBytes, writeEntryHead } from './entry.ts';
import type { Segment } from './segment.ts';

/** The payload of one entry: the parts, concatenated. */
export type Payload = readonly Uint8Array[];

/** Payloads of entries that stand together. */
export interface Payloads {
  payloads: readonly Payload[];
}

/** The entries of a group as the parts of one write; payloads are not copied. */
export function encodeGroup(
  group: readonly Payloads[],
  { segment, timestampMs }: { segment: Segment; timestampMs: number },
): Uint8Array[] {
  const salt = segment.head?.salt as number;
  const count = group.reduce((sum, { payloads }) => sum + payloads.length, 0);
  const heads = Buffer.allocUnsafe(count * entryHeaderBytes);
  const parts: Uint8Array[] = [];
  let sequence = segment.end;
  let at = 0;
  for (const { payloads } of group) {
    for (const payload of payloads) {
      const head = heads.subarray(at, at + entryHeaderBytes);
      const facts = { sequence, timestampMs, payloadBytes: payloadBytes(payload) };
      writeEntryHead(head, facts, payload, salt);
      parts.push(head, ...payload);
      sequence += 1;
      at += entryHeaderBytes;
    }
  }
  return parts;
}

export function payloadBytes(payload: Payload): number {
  let bytes = 0;
  for (const part of payload) bytes += part.length;
  return bytes;
}
