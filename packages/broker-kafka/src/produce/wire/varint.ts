/**
 * Signed 32-bit varints in zigzag form, as in Kafka's records
 * (https://kafka.apache.org/documentation/#recordformat).
 */
export function varintSize(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  if (zigzag < 0x80) return 1;
  if (zigzag < 0x4000) return 2;
  if (zigzag < 0x20_0000) return 3;
  return zigzag < 0x1000_0000 ? 4 : 5;
}

/** Answers the offset behind it. */
export function writeVarint(target: Uint8Array, value: number, offset: number): number {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  let at = offset;
  while (zigzag >= 0x80) {
    target[at] = (zigzag & 0x7f) | 0x80;
    zigzag >>>= 7;
    at += 1;
  }
  target[at] = zigzag;
  return at + 1;
}
