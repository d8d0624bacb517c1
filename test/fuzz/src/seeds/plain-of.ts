/** What a compressed body says, by a reading of its own: every member, stream and frame of it. */
import zlib from 'node:zlib';

export type Compression = 'gzip' | 'deflate' | 'zstd';

/** Undefined when its last byte is not understood, or it is damaged, or larger than `bytesMax`. */
export function plainOf(encoding: Compression, body: Buffer, bytesMax: number): Buffer | undefined {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for (let at = 0; at < body.length || parts.length === 0; ) {
      const { plain, end } = readers[encoding](body.subarray(at), bytesMax);
      bytes += plain.length;
      if (bytes > bytesMax) return undefined;
      parts.push(plain);
      at += end;
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(parts);
}

interface Read {
  plain: Buffer;
  /** Where the next one begins. */
  end: number;
}

const readers: Readonly<Record<Compression, (body: Buffer, bytesMax: number) => Read>> = {
  gzip: readMember,
  deflate: (body, bytesMax) =>
    consumed(zlib.inflateSync(body, { maxOutputLength: bytesMax, info: true })),
  zstd: readFrame,
};

function consumed(result: unknown): Read {
  const { buffer, engine } = result as { buffer: Buffer; engine: { bytesWritten: number } };
  return { plain: buffer, end: engine.bytesWritten };
}

/** RFC 1952. */
function readMember(body: Buffer, bytesMax: number): Read {
  if (body.readUInt16BE(0) !== 0x1f8b || body[2] !== 8) throw new Error('no member');
  const flags = body[3] as number;
  if (flags & 0xe0) throw new Error('reserved flags');
  let at = 10;
  if (flags & 4) at += 2 + body.readUInt16LE(at);
  for (const flag of [8, 16]) if (flags & flag) at = endOfText(body, at);
  if (flags & 2) {
    if (body.readUInt16LE(at) !== (zlib.crc32(body.subarray(0, at)) & 0xffff)) {
      throw new Error('wrong checksum of the header');
    }
    at += 2;
  }
  const raw = zlib.inflateRawSync(body.subarray(at), {
    maxOutputLength: bytesMax,
    info: true,
  } as object);
  const { plain, end } = consumed(raw);
  at += end;
  if (body.readUInt32LE(at) !== zlib.crc32(plain)) throw new Error('wrong checksum');
  if (body.readUInt32LE(at + 4) !== plain.length >>> 0) throw new Error('wrong length');
  return { plain, end: at + 8 };
}

function endOfText(body: Buffer, from: number): number {
  const at = body.indexOf(0, from);
  if (at < 0) throw new Error('no end');
  return at + 1;
}

/** RFC 8878: how long the frame is; what it says, zlib reads. */
function readFrame(body: Buffer, bytesMax: number): Read {
  const magic = body.readUInt32LE(0);
  if (magic >= 0x184d2a50 && magic <= 0x184d2a5f) {
    const end = 8 + body.readUInt32LE(4);
    if (end > body.length) throw new Error('ends early');
    return { plain: Buffer.alloc(0), end };
  }
  if (magic !== 0xfd2fb528) throw new Error('no frame');
  const descriptor = body.readUInt8(4);
  const isSingle = (descriptor & 0x20) !== 0;
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
  let at = 5 + (isSingle ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] as number) + sizeBytes;
  for (let last = false; !last; ) {
    const header = body.readUIntLE(at, 3);
    last = (header & 1) === 1;
    const type = (header >> 1) & 3;
    at += 3 + (type === 1 ? 1 : header >> 3);
  }
  if (descriptor & 4) at += 4;
  if (at > body.length) throw new Error('ends early');
  const params = { [zlib.constants.ZSTD_d_windowLogMax]: 24 };
  const plain = zlib.zstdDecompressSync(body.subarray(0, at), {
    maxOutputLength: bytesMax,
    params,
  });
  return { plain, end: at };
}
