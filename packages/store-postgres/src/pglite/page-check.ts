/**
 * Verifies the checksums that PostgreSQL keeps in its pages, without PostgreSQL: reading them in
 * SQL finds no damaged index, and finds a damaged table in the middle of a question.
 * Source: PostgreSQL `src/include/storage/checksum_impl.h` (FNV-1a, 32 sums side by side).
 */
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface PageCheck {
  /** What is wrong with the first damaged page; undefined when none is. */
  damage: string | undefined;
  /** Highest LSN of all pages read: the WAL must reach at least as far. */
  lsnMax: bigint;
}

export interface PageCheckOptions {
  dataDir: string;
  /** Files are read from the smallest on, catalogs and ledger first, until this is used up. */
  bytesMax: number;
}

const pageBytes = 8_192;
const pageWords = pageBytes / 4;
const lanes = 32;
const prime = 16_777_619;
const pagesPerRead = 128;
/** A relation's file is continued in another after 1 GiB. */
const pagesPerFile = 131_072;
const relationFile = /^\d+(_vm)?(\.(\d+))?$/;

// biome-ignore format: a table
const offsets = Int32Array.from([
  0x5b1f36e9, 0xb8525960, 0x02ab50aa, 0x1de66d2a, 0x79ff467a, 0x9bb9f8a3, 0x217e7cd2, 0x83e13d2c,
  0xf8d4474f, 0xe39eb970, 0x42c6ae16, 0x993216fa, 0x7b093b5d, 0x98daff3c, 0xf718902a, 0x0b1c9cdb,
  0xe58f764b, 0x187636bc, 0x5d7b3bb1, 0xe73de7de, 0x92bec979, 0xcca6c0b2, 0x304a0979, 0x85aa43d4,
  0x783125bb, 0x6ca8eaa2, 0xe407eac6, 0x4b5cfc3e, 0x9fbf8c76, 0x15ca20be, 0xf2ca9fd3, 0x959bd756,
]);

/** Stops at the first damaged page. The database must not be open. */
export async function checkPages({ dataDir, bytesMax }: PageCheckOptions): Promise<PageCheck> {
  const check: PageCheck = { damage: undefined, lsnMax: 0n };
  let left = bytesMax;
  for (const { path, bytes, firstPage } of await relationFiles(dataDir)) {
    if (bytes > left) break;
    left -= bytes;
    await checkFile({ path, firstPage }, check);
    if (check.damage !== undefined) break;
  }
  return check;
}

interface RelationFile {
  path: string;
  bytes: number;
  firstPage: number;
}

async function relationFiles(dataDir: string): Promise<RelationFile[]> {
  const databases = await readdir(join(dataDir, 'base'));
  const dirs = ['global', ...databases.map((name) => join('base', name))];
  const files: RelationFile[] = [];
  for (const dir of dirs) {
    for (const name of await readdir(join(dataDir, dir))) {
      const match = relationFile.exec(name);
      if (!match) continue;
      const path = join(dataDir, dir, name);
      const { size: bytes } = await stat(path);
      files.push({ path, bytes, firstPage: Number(match[3] ?? 0) * pagesPerFile });
    }
  }
  return files.sort((a, b) => a.bytes - b.bytes);
}

async function checkFile({ path, firstPage }: Omit<RelationFile, 'bytes'>, check: PageCheck) {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(pagesPerRead * pageBytes);
    const words = new Int32Array(buffer.buffer, buffer.byteOffset, pagesPerRead * pageWords);
    for (let page = firstPage; ; page += pagesPerRead) {
      const at = (page - firstPage) * pageBytes;
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
      // A last page that is not whole was being added at a kill; PostgreSQL writes it again.
      const pages = Math.floor(bytesRead / pageBytes);
      for (let i = 0; i < pages; i += 1) {
        if (isSound(buffer, words, { index: i, page: page + i })) noteLsn(buffer, i, check);
        else {
          check.damage = `page ${page + i} of ${path} does not match its checksum`;
          return;
        }
      }
      if (bytesRead < buffer.length) return;
    }
  } finally {
    await file.close();
  }
}

function isSound(buffer: Buffer, words: Int32Array, at: { index: number; page: number }): boolean {
  const start = at.index * pageBytes;
  const upper = buffer.readUInt16LE(start + 14);
  // Added and not used yet.
  if (upper === 0) return buffer.subarray(start, start + pageBytes).every((byte) => byte === 0);
  return buffer.readUInt16LE(start + 8) === checksum(words, at);
}

function checksum(words: Int32Array, { index, page }: { index: number; page: number }): number {
  const sums = Int32Array.from(offsets);
  const start = index * pageWords;
  for (let row = 0; row < pageWords; row += lanes) {
    for (let lane = 0; lane < lanes; lane += 1) {
      let word = words[start + row + lane] as number;
      // The checksum itself counts as zero.
      if (row === 0 && lane === 2) word &= 0xffff0000;
      sums[lane] = mixed((sums[lane] as number) ^ word);
    }
  }
  let all = page;
  for (const sum of sums) all ^= mixed(mixed(sum));
  return ((all >>> 0) % 65_535) + 1;
}

function mixed(value: number): number {
  return Math.imul(value, prime) ^ (value >>> 17);
}

function noteLsn(buffer: Buffer, index: number, check: PageCheck): void {
  const start = index * pageBytes;
  const high = buffer.readUInt32LE(start);
  const low = buffer.readUInt32LE(start + 4);
  const lsn = (BigInt(high) << 32n) | BigInt(low);
  if (lsn > check.lsnMax) check.lsnMax = lsn;
}
