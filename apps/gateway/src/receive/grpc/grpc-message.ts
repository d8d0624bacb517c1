/** Five bytes before every gRPC message: compressed flag, length. */
const prefixBytes = 5;

export interface Prefix {
  compressed: boolean;
  /** Bytes of the message as sent. */
  bytes: number;
}

/**
 * Takes one length-prefixed message out of a stream's chunks, without copying or keeping them.
 * Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export class UnaryReader {
  readonly #head = new Uint8Array(prefixBytes);
  #headLength = 0;
  #prefix: Prefix | undefined;
  #bytes = 0;

  /** Known as soon as its five bytes have come. */
  get prefix(): Prefix | undefined {
    return this.#prefix;
  }

  /**
   * What of the chunk is the message's; undefined when there is more than one message in the call.
   */
  push(chunk: Uint8Array): Uint8Array | undefined {
    let rest = chunk;
    if (!this.#prefix) {
      const head = rest.subarray(0, prefixBytes - this.#headLength);
      this.#head.set(head, this.#headLength);
      this.#headLength += head.length;
      rest = rest.subarray(head.length);
      if (this.#headLength === prefixBytes) this.#prefix = parsePrefix(this.#head);
    }
    this.#bytes += rest.length;
    return this.#bytes <= (this.#prefix?.bytes ?? 0) ? rest : undefined;
  }

  /** Ask at the end of the stream. */
  get complete(): boolean {
    return this.#prefix !== undefined && this.#bytes === this.#prefix.bytes;
  }
}

/** Puts the five bytes of its prefix before an uncompressed message. */
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

/** Reads the header `grpc-timeout` as milliseconds; undefined when it is absent or malformed. */
export function timeoutMsOf(header: string | undefined): number | undefined {
  const match = header === undefined ? null : /^(\d{1,8})([HMSmun])$/.exec(header);
  if (!match) return undefined;
  return Number(match[1]) * (unitMs[match[2] as string] as number);
}

/**
 * Encodes the value of `grpc-message`: UTF-8, percent-encoded but for printable ASCII without `%`.
 */
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
