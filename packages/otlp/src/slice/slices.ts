/** Cuts a request into one message per partition, out of the client's own bytes. */
import { resourcesTag, scopesTag } from '../layout.ts';
import { varintSize } from '../writer.ts';

/** What of a request falls to one partition: a message of the same type as the request. */
export interface Slice {
  partition: number;
  records: number;
  /** Sum of the chunks' lengths. */
  bytes: number;
  /**
   * Concatenated, they are the message. One chunk where the pieces are small, since each chunk costs
   * more (a view, a checksum call, an entry of `writev`) than copying a few kilobytes; views of the
   * request's body and small headers where copies would let a small request grow.
   */
  chunks: Uint8Array[];
}

/**
 * A stretch of the body that holds records, from the tag of its first field. Everything between
 * the pieces of a message (resource, scope, schema URL, unknown fields) belongs to all of them.
 */
export interface Piece {
  start: number;
  end: number;
  records: number;
  /** `mixed` when what is inside falls to several partitions: then it is one container. */
  partition: number;
  /** Where the fields of a mixed container begin, and the pieces among them. */
  content: number;
  pieces: Piece[];
}

export const mixed = -1;
const noPieces: Piece[] = [];

/** Adds a stretch of one partition. Neighbours become one, so that equal keys cost one piece. */
export function addPiece(
  pieces: Piece[],
  start: number,
  end: number,
  partition: number,
  records: number,
): void {
  const last = pieces[pieces.length - 1];
  if (last !== undefined && last.end === start && last.partition === partition) {
    last.end = end;
    last.records += records;
  } else pieces.push({ start, end, records, partition, content: start, pieces: noPieces });
}

/** Adds a container, by what it contains; one without records adds nothing. */
export function addContainer(
  pieces: Piece[],
  range: { start: number; content: number; end: number },
  inside: Piece[],
): void {
  const { start, content, end } = range;
  if (inside.length === 0) return;
  const records = countOf(inside);
  const partition = partitionOf(inside);
  if (partition !== mixed) addPiece(pieces, start, end, partition, records);
  else pieces.push({ start, end, records, partition, content, pieces: inside });
}

/** One slice per partition, in the order in which they are met. */
export function cutSlices(body: Uint8Array, pieces: Piece[]): Slice[] {
  if (pieces.length === 0) return [];
  const partition = partitionOf(pieces);
  if (partition !== mixed) {
    return [{ partition, records: countOf(pieces), bytes: body.length, chunks: [body] }];
  }
  const range = { content: 0, end: body.length };
  const cuts = [...cutContainer(body, range, pieces, [resourcesTag, scopesTag]).values()];
  const bytes = cuts.reduce((sum, cut) => sum + cut.bytes, 0);
  const parts = cuts.reduce((sum, cut) => sum + cut.parts.length, 0);
  const joins = bytes <= growthMax * body.length && bytes <= joinedBytesMax * parts;
  const chunksOf = joins ? joiner(body, bytes) : (cut: Cut) => apart(body, cut);
  return cuts.map((cut) => ({
    partition: cut.partition,
    records: cut.records,
    bytes: cut.bytes,
    chunks: chunksOf(cut),
  }));
}

/** What surrounds the records is in every slice; copied, all slices may be this much of the body. */
const growthMax = 2;
/** Larger parts are cheaper left where they are. */
const joinedBytesMax = 2_048;

/** A slice as it is found. */
interface Cut {
  partition: number;
  records: number;
  bytes: number;
  /** A stretch of the body is two numbers, its start and its end. */
  parts: (number | Uint8Array)[];
}

/** All slices of a request in one buffer: an allocation costs as much as the copying. */
function joiner(body: Uint8Array, bytes: number): (cut: Cut) => Uint8Array[] {
  const source = Buffer.from(body.buffer, body.byteOffset, body.length);
  const target = Buffer.allocUnsafe(bytes);
  let at = 0;
  return ({ parts }) => {
    const from = at;
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i] as number | Uint8Array;
      if (typeof part === 'number') {
        at += source.copy(target, at, part, parts[++i] as number);
      } else {
        target.set(part, at);
        at += part.length;
      }
    }
    return [target.subarray(from, at)];
  };
}

function apart(body: Uint8Array, { parts }: Cut): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] as number | Uint8Array;
    chunks.push(typeof part === 'number' ? view(body, part, parts[++i] as number) : part);
  }
  return chunks;
}

/** `tags`: of the containers in this one, and of those in them. */
function cutContainer(
  body: Uint8Array,
  range: { content: number; end: number },
  pieces: Piece[],
  [tag = 0, ...innerTags]: number[],
): Map<number, Cut> {
  const cuts = new Map<number, Cut>();
  const common = between(body, range, pieces);
  for (const piece of pieces) {
    if (piece.partition !== mixed) {
      const cut = cutFor(cuts, piece.partition, common);
      cut.records += piece.records;
      cut.bytes += piece.end - piece.start;
      cut.parts.push(piece.start, piece.end);
      continue;
    }
    for (const inner of cutContainer(body, piece, piece.pieces, innerTags).values()) {
      const cut = cutFor(cuts, inner.partition, common);
      cut.records += inner.records;
      push(cut, header(tag, inner.bytes));
      cut.bytes += inner.bytes;
      for (const part of inner.parts) cut.parts.push(part);
    }
  }
  return cuts;
}

function cutFor(cuts: Map<number, Cut>, partition: number, common: Uint8Array): Cut {
  let cut = cuts.get(partition);
  if (cut === undefined) {
    cut = { partition, records: 0, bytes: 0, parts: [] };
    if (common.length > 0) push(cut, common);
    cuts.set(partition, cut);
  }
  return cut;
}

function push(cut: Cut, part: Uint8Array): void {
  cut.parts.push(part);
  cut.bytes += part.length;
}

/**
 * The bytes of a container that are in none of its pieces, as one chunk: many small ones, each
 * referenced by every slice, would let a small request grow.
 */
function between(
  body: Uint8Array,
  range: { content: number; end: number },
  pieces: Piece[],
): Uint8Array {
  const gaps: Uint8Array[] = [];
  let pos = range.content;
  for (const piece of pieces) {
    if (piece.start > pos) gaps.push(view(body, pos, piece.start));
    pos = piece.end;
  }
  if (range.end > pos) gaps.push(view(body, pos, range.end));
  return gaps.length === 1 ? (gaps[0] as Uint8Array) : Buffer.concat(gaps);
}

function header(tag: number, length: number): Uint8Array {
  const bytes = new Uint8Array(1 + varintSize(length));
  bytes[0] = tag;
  let at = 1;
  let rest = length;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes[at++] = (rest % 0x80) | 0x80;
  bytes[at] = rest;
  return bytes;
}

function view(body: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(body.buffer, body.byteOffset + start, end - start);
}

/** The partition of all of them, or `mixed`. */
function partitionOf(pieces: Piece[]): number {
  const first = (pieces[0] as Piece).partition;
  for (const piece of pieces) if (piece.partition !== first) return mixed;
  return first;
}

function countOf(pieces: Piece[]): number {
  let records = 0;
  for (const piece of pieces) records += piece.records;
  return records;
}
