/** Opening the segments of a folder. Sealed ones are not read, only their heads. */
import { join } from 'node:path';
import type { Report } from './events.ts';
import type { Files } from './files/files.ts';
import { entryHeaderBytes } from './segment/entry.ts';
import { quarantine } from './segment/quarantine.ts';
import { type Scan, scanSegment } from './segment/scan.ts';
import { Segment } from './segment/segment.ts';
import { decodeSegmentHead, segmentHeadBytes } from './segment/segment-head.ts';

export interface RecoverOptions {
  files: Files;
  dir: string;
  segmentBytes: number;
  report: Report;
}

export interface Recovered {
  segments: Segment[];
  /** The sequence of the next entry; larger than the last segment's end if a new one must begin. */
  next: number;
}

const namePattern = /^(\d{20})\.(log|quarantined)$/;
/** What the heads of segments and entries can hold. */
const sequencesMax = 2 ** 48;

/**
 * A file named after a sequence that there cannot be belongs to another program, and stays where it
 * is.
 */
function isSegment(name: string): boolean {
  return Number(namePattern.exec(name)?.[1] ?? Number.NaN) < sequencesMax;
}

export async function recover(options: RecoverOptions): Promise<Recovered> {
  const { files, dir } = options;
  const names = (await files.list(dir)).filter(isSegment).sort();
  const segments: Segment[] = [];
  for (const name of names) segments.push(await load(files, join(dir, name)));
  const beyond = await dropUnborn(segments, options);
  await dropStrays(segments, options);
  // After a kill, names may be there that the folder on the disk does not have yet.
  await files.syncDir(dir);
  for (const [index, segment] of segments.entries()) {
    const after = segments[index + 1];
    if (after !== undefined) await settleSealed(segment, after, options);
  }
  const tail = segments.at(-1);
  const next = tail === undefined ? 0 : await settleLast(tail, options);
  return { segments, next: Math.max(next, beyond) };
}

async function load(files: Files, path: string): Promise<Segment> {
  const file = await files.open(path, 'read');
  try {
    const bytes = Buffer.alloc(segmentHeadBytes);
    const head = decodeSegmentHead(bytes.subarray(0, await file.read(bytes, 0)));
    const first = Number(/(\d{20})\.\w+$/.exec(path)?.[1]);
    // A file under another segment's name is as good as one without a head.
    const segment = new Segment({ path, first, head: head?.first === first ? head : undefined });
    segment.bytes = await file.size();
    segment.quarantined = path.endsWith('.quarantined');
    return segment;
  } finally {
    await file.close();
  }
}

/**
 * A crash while a segment was being made leaves a last file without a whole head, and so without
 * entries. It is removed; answers a sequence above any that a damaged file of that name had.
 */
async function dropUnborn(segments: Segment[], options: RecoverOptions): Promise<number> {
  const last = segments.at(-1);
  if (last === undefined || last.head !== undefined || last.bytes >= segmentHeadBytes) return 0;
  segments.pop();
  await options.files.unlink(last.path);
  options.report({
    type: 'tail-cut',
    path: last.path,
    bytesLost: last.bytes,
    message: `${last.path} has no head: it was being made at a crash, and is removed`,
  });
  return sequenceBeyond(last, options);
}

/**
 * A segment whose making failed can be found again after a crash. It stands in no chain: the one
 * after it names an earlier one as the one before.
 */
async function dropStrays(segments: Segment[], { files }: RecoverOptions): Promise<void> {
  let after = segments.at(-1);
  for (const segment of segments.slice(0, -1).reverse()) {
    const before = after?.head?.previous?.first;
    const empty = segment.bytes <= segmentHeadBytes;
    if (before !== undefined && before < segment.first && empty) {
      segments.splice(segments.indexOf(segment), 1);
      await files.unlink(segment.path);
    } else after = segment;
  }
}

async function settleSealed(segment: Segment, after: Segment, options: RecoverOptions) {
  const facts = after.head?.previous;
  const known = facts?.first === segment.first ? facts : undefined;
  if (segment.head === undefined) {
    segment.loseAll(known?.end ?? after.first);
    if (segment.quarantined) return;
    return quarantine(segment, { ...options, scan: undefined, entriesKnown: known !== undefined });
  }
  if (known !== undefined && !segment.quarantined) {
    segment.end = known.end;
    segment.latestMs = known.latestMs;
    return;
  }
  const scan = await scanWhole(segment, options, known?.end ?? after.first);
  const end = known?.end ?? scan.stretches.at(-1)?.end.sequence ?? segment.first;
  segment.learn(scan, end);
  if (!segment.quarantined && !isClean(scan, segment)) {
    await quarantine(segment, { ...options, scan, entriesKnown: known !== undefined });
  }
  if (facts === undefined || known !== undefined) return;
  const entriesLost = facts.end - end;
  options.report({
    type: 'segment-missing',
    path: segment.path,
    entriesLost,
    message: `Segments after ${segment.path} are missing; at most ${entriesLost} entries are lost`,
  });
}

/** Cuts a torn tail; quarantines when intact entries stand behind a corrupt one. */
async function settleLast(segment: Segment, options: RecoverOptions): Promise<number> {
  if (segment.head === undefined) {
    if (!segment.quarantined) {
      await quarantine(segment, { ...options, scan: undefined, entriesKnown: false });
    }
    return sequenceBeyond(segment, options);
  }
  const scan = await scanWhole(segment, options, Number.POSITIVE_INFINITY);
  const end = scan.stretches.at(-1)?.end ?? { sequence: segment.first, offset: segmentHeadBytes };
  segment.learn(scan, end.sequence);
  const bytesLost = segment.bytes - end.offset;
  if (segment.quarantined) return sequenceBeyond(segment, options);
  if (segment.lost.length === 0) {
    await cutAndSync(segment, end.offset, options);
    if (bytesLost === 0) return segment.end;
    options.report({
      type: 'tail-cut',
      path: segment.path,
      bytesLost,
      message: `${segment.path} ended in ${bytesLost} bytes that are no whole entry; they are cut`,
    });
  } else await quarantine(segment, { ...options, scan, entriesKnown: bytesLost === 0 });
  return sequenceBeyond(segment, options);
}

/** What is served must be durable: after a kill, the page cache may be all that has it. */
async function cutAndSync(segment: Segment, bytes: number, { files }: RecoverOptions) {
  const file = await files.open(segment.path, 'write');
  try {
    if (bytes < segment.bytes) await file.truncate(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  segment.bytes = bytes;
}

async function scanWhole(segment: Segment, { files }: RecoverOptions, end: number): Promise<Scan> {
  const salt = segment.head?.salt as number;
  const { first, bytes: size } = segment;
  try {
    return await segment.use(files, (file) => scanSegment(file, { salt, first, size, end }));
  } finally {
    await segment.drop();
  }
}

function isClean(scan: Scan, segment: Segment): boolean {
  return segment.lost.length === 0 && scan.stretches.at(-1)?.end.offset === segment.bytes;
}

/** Above every sequence that the segment can have held, known or not: none is ever used twice. */
function sequenceBeyond(segment: Segment, { segmentBytes }: RecoverOptions): number {
  const entriesMax = Math.ceil(Math.max(segment.bytes, segmentBytes) / entryHeaderBytes);
  return Math.max(segment.end, segment.first + entriesMax);
}
