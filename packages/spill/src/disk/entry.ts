/**
 * One spilled message as the payload of a journal entry, little-endian; texts are UTF-8:
 *
 *   0  u48  ordinal: numbers the messages ever spilled in the partition
 *   6  u32  partition
 *  10  u32  bytes before the value
 *  14  u16  topic bytes, topic
 *      u16  key bytes, key
 *      u16  number of headers; of each: u8 code of its name (0: u16 bytes, name), u32 bytes, value
 *           value
 */
import { headerNames, type OutgoingMessage } from '@spillway/broker';

/** Codes are positions from 1 and stand on disks: only ever add at the end. */
const knownNames: readonly string[] = [
  headerNames.tenant,
  headerNames.records,
  headerNames.receivedMs,
  headerNames.seq,
  headerNames.traceparent,
  headerNames.onlyGroup,
  headerNames.ordinals,
];
const codeOf = new Map(knownNames.map((name, index) => [name, index + 1]));
const fixedBytes = 14;
/** Bytes of UTF-8, per UTF-16 unit. */
const unitBytesMax = 3;

export interface SpillEntry {
  ordinal: number;
  /** The value is a view of the payload. */
  message: OutgoingMessage;
}

/** The payloads, in parts, of messages with their ordinals; values are not copied. */
export function encodeEntries(
  messages: readonly OutgoingMessage[],
  ordinals: readonly number[],
): Uint8Array[][] {
  const heads = Buffer.allocUnsafe(
    messages.reduce((sum, message) => sum + headBytesMax(message), 0),
  );
  let at = 0;
  return messages.map((message, i) => {
    const end = writeHead(heads, at, message, ordinals[i] as number);
    const head = heads.subarray(at, end);
    at = end;
    return [head, ...message.value];
  });
}

export function decodeEntry(payload: Uint8Array): SpillEntry {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const texts = new Texts(bytes, fixedBytes);
  const topic = texts.short();
  const key = texts.short();
  const headers: Record<string, string> = {};
  for (let left = texts.u16(); left > 0; left -= 1) {
    const name = knownNames[texts.u8() - 1] ?? texts.short();
    headers[name] = texts.long();
  }
  const message = {
    topic,
    partition: bytes.readUInt32LE(6),
    key,
    headers,
    value: [payload.subarray(bytes.readUInt32LE(10))],
  };
  return { ordinal: bytes.readUIntLE(0, 6), message };
}

function headBytesMax({ topic, key, headers }: OutgoingMessage): number {
  let units = topic.length + key.length;
  let bytes = fixedBytes + 6;
  for (const name in headers) {
    units += name.length + (headers[name] as string).length;
    bytes += 7;
  }
  return bytes + unitBytesMax * units;
}

function writeHead(into: Buffer, start: number, message: OutgoingMessage, ordinal: number): number {
  const { topic, partition, key, headers } = message;
  into.writeUIntLE(ordinal, start, 6);
  into.writeUInt32LE(partition, start + 6);
  let at = writeShort(into, start + fixedBytes, topic);
  at = writeShort(into, at, key);
  const names = Object.keys(headers);
  at = into.writeUInt16LE(names.length, at);
  for (const name of names) {
    const code = codeOf.get(name) ?? 0;
    into[at] = code;
    at = code === 0 ? writeShort(into, at + 1, name) : at + 1;
    const bytes = into.write(headers[name] as string, at + 4);
    into.writeUInt32LE(bytes, at);
    at += 4 + bytes;
  }
  into.writeUInt32LE(at - start, start + 10);
  return at;
}

/** Throws a RangeError for more than 65,535 bytes: no topic, key or header name is that long. */
function writeShort(into: Buffer, at: number, text: string): number {
  const bytes = into.write(text, at + 2);
  into.writeUInt16LE(bytes, at);
  return at + 2 + bytes;
}

class Texts {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  u8(): number {
    this.#at += 1;
    return this.#bytes.readUInt8(this.#at - 1);
  }

  u16(): number {
    this.#at += 2;
    return this.#bytes.readUInt16LE(this.#at - 2);
  }

  short(): string {
    return this.#text(this.u16());
  }

  long(): string {
    this.#at += 4;
    return this.#text(this.#bytes.readUInt32LE(this.#at - 4));
  }

  #text(bytes: number): string {
    this.#at += bytes;
    return this.#bytes.toString('utf8', this.#at - bytes, this.#at);
  }
}
