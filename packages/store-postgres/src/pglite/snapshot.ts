/** A prepared database: creating one from nothing takes 10 to 30 CPU-seconds, unpacking one less than one. */
import { closeSync, createReadStream, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

const snapshotUrl = new URL(
  'prepopulatedfs.tgz',
  import.meta.resolve('@electric-sql/pglite-prepopulatedfs'),
);
const blockBytes = 512;

/**
 * Unpacks the snapshot into an empty folder, readable for its owner alone. Piece by piece: PGlite's
 * own way holds all 40 MB of it several times, in memory that it never gives back. Blocks its thread,
 * which has nothing else to do: a thousand small files are written in half the time.
 */
export async function unpackSnapshot(dir: string): Promise<void> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  await pipeline(
    createReadStream(snapshotUrl),
    createGunzip(),
    async (source: AsyncIterable<Buffer>) => await unpack(new Pieces(source), dir),
  );
}

/** A tar of folders and files with short names; an empty header ends it. */
async function unpack(pieces: Pieces, dir: string): Promise<void> {
  for (;;) {
    const header = await pieces.take(blockBytes);
    if (header[0] === 0) break;
    const path = join(dir, textIn(header, 0, 100));
    const isFolder = textIn(header, 156, 157) === '5';
    const bytes = Number.parseInt(textIn(header, 124, 136), 8);
    if (isFolder) mkdirSync(path, { recursive: true, mode: 0o700 });
    else await writeEntry(pieces, path, bytes);
  }
  await pieces.drain();
}

async function writeEntry(pieces: Pieces, path: string, bytes: number): Promise<void> {
  const file = openSync(path, 'wx', 0o600);
  try {
    for await (const piece of pieces.upTo(bytes)) writeAll(file, piece);
  } finally {
    closeSync(file);
  }
  await pieces.take((blockBytes - (bytes % blockBytes)) % blockBytes);
}

function writeAll(file: number, piece: Uint8Array): void {
  for (let at = 0; at < piece.length; ) at += writeSync(file, piece, at);
}

function textIn(header: Buffer, from: number, to: number): string {
  return header.toString('latin1', from, to).split('\0')[0] as string;
}

/** A stream in pieces of the sizes that are asked for. */
class Pieces {
  readonly #source: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async take(bytes: number): Promise<Buffer> {
    const taken: Buffer[] = [];
    for await (const piece of this.upTo(bytes)) taken.push(piece);
    return Buffer.concat(taken);
  }

  /** In all so many bytes, as they come. */
  async *upTo(bytes: number): AsyncGenerator<Buffer> {
    for (let left = bytes; left > 0; ) {
      if (this.#rest.length === 0) await this.#next();
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  /** Reads to the end, so that what follows the last entry is checked, too. */
  async drain(): Promise<void> {
    while (!(await this.#source.next()).done);
  }

  async #next(): Promise<void> {
    const { done, value } = await this.#source.next();
    if (done) throw new Error('the prepared database ends too early');
    this.#rest = value;
  }
}
