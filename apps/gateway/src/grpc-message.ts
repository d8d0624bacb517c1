/** Five bytes before every gRPC message: compressed flag, length. */
const prefixBytes = 5;

export interface Prefix {
  compressed: boolean;
  /** Of the message as sent. */
  bytes: number;
}

/**
 * Takes one length-prefixed message out of a stream's chunks, without copying them.
 * Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export class UnaryReader {
  #prefixed: Uint8Array = new Uint8Array();
  #prefix: Prefix | undefined;
  #bytes = 0;
  chunks: Uint8Array[] = [];

  /** Known as soon as its five bytes have come. */
  get prefix(): Prefix | undefined {
    return this.#prefix;
  }

  /** False when there is more than the one message that a unary call has. */
  push(chunk: Uint8Array): boolean {
    let rest = chunk;
    if (!this.#prefix) {
      const missing = prefixBytes - this.#prefixed.length;
      this.#prefixed = Buffer.concat([this.#prefixed, rest.subarray(0, missing)]);
      rest = rest.subarray(missing);
      if (this.#prefixed.length === prefixBytes) this.#prefix = parsePrefix(this.#prefixed);
    }
    if (rest.length === 0) return true;
    this.#bytes += rest.length;
    this.chunks.push(rest);
    return this.#bytes <= (this.#prefix as Prefix).bytes;
  }

  /** Ask at the end of the stream. */
  get complete(): boolean {
    return this.#prefix !== undefined && this.#bytes === this.#prefix.bytes;
  }
}

/** One uncompressed message with its prefix. */
export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.alloc(prefixBytes + message.length);
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, prefixBytes);
  return framed;
}

const unitMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/** `grpc-timeout` in milliseconds; undefined when absent or not one. */
export function timeoutMsOf(header: string | undefined): number | undefined {
  const match = header === undefined ? null : /^(\d{1,8})([HMSmun])$/.exec(header);
  if (!match) return undefined;
  return Number(match[1]) * (unitMs[match[2] as string] as number);
}

/** `grpc-message`: UTF-8, percent-encoded but for printable ASCII without `%`. */
export function percentEncode(text: string): string {
  if (/^[ -$&-~]*$/.test(text)) return text;
  let encoded = '';
  for (const byte of Buffer.from(text)) {
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    encoded += plain
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

function parsePrefix(bytes: Uint8Array): Prefix {
  const [flag, ...length] = bytes;
  // Any flag but 0 means compressed; 1 is the only one that is defined.
  return { compressed: flag !== 0, bytes: length.reduce((sum, byte) => sum * 256 + byte, 0) };
}
