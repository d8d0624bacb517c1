import { crc32c } from '@node-rs/crc32';

/** What is kept of an identity. */
export interface KeptIdentity {
  /** Another cluster gives the same ids to other producers. */
  clusterId: string;
  producerId: bigint;
  /** No later epoch was used with it, in any partition. */
  epochsTo: number;
}

const checksumDigits = 8;
/** Always as long: then even a full disk can take the next one in the place of the former. */
const textLength = 160;

/** JSON, filled up with spaces, behind its CRC32C in hexadecimal digits. */
export function encodeIdentity({ clusterId, producerId, epochsTo }: KeptIdentity): Uint8Array {
  const json = JSON.stringify({ clusterId, producerId: String(producerId), epochsTo });
  const text = json.padEnd(textLength);
  return Buffer.from(checksumOf(text) + text);
}

/** Reads a saved identity; undefined where its checksum does not fit. */
export function decodeIdentity(bytes: Uint8Array): KeptIdentity | undefined {
  const all = Buffer.from(bytes).toString();
  const text = all.slice(checksumDigits);
  if (all.slice(0, checksumDigits) !== checksumOf(text)) return undefined;
  const kept = JSON.parse(text) as { clusterId: string; producerId: string; epochsTo: number };
  return { ...kept, producerId: BigInt(kept.producerId) };
}

function checksumOf(text: string): string {
  return crc32c(text).toString(16).padStart(checksumDigits, '0');
}
