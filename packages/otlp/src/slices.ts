/** Cuts a request into one message per partition, out of the client's own bytes. */
import { resourcesTag, scopesTag } from './layout.ts';
import { varintSize } from './writer.ts';

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
  /** Of a mixed container: where its fields begin, and the pieces among them. */
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
  const slices = [...cutContainer(body, range, pieces, [resourcesTag, scopesTag]).values()];
  const bytes = slices.reduce((sum, slice) => sum + slice.bytes, 0);
  if (bytes <= growthMax * body.length) for (const slice of slices) join(slice);
  return slices;
}

/** What surrounds the records is in every slice; copied, all slices may be this much of the body. */
const growthMax = 2;
/** Larger pieces are cheaper left where they are. */
const joinedBytesMax = 4_096;

function join(slice: Slice): void {
  const { chunks, bytes } = slice;
  if (chunks.length > 1 && bytes <= joinedBytesMax * chunks.length) {
    slice.chunks = [Buffer.concat(chunks, bytes)];
  }
}

/** `tags`: of the containers in this one, and of those in them. */
function cutContainer(
  body: Uint8Array,
  range: { content: number; end: number },
  pieces: Piece[],
  [tag = 0, ...innerTags]: number[],
): Map<number, Slice> {
  const slices = new Map<number, Slice>();
  const common = between(body, range, pieces);
  for (const piece of pieces) {
    if (piece.partition !== mixed) {
      const slice = sliceFor(slices, piece.partition, common);
      slice.records += piece.records;
      push(slice, view(body, piece.start, piece.end));
      continue;
    }
    for (const inner of cutContainer(body, piece, piece.pieces, innerTags).values()) {
      const slice = sliceFor(slices, inner.partition, common);
      slice.records += inner.records;
      push(slice, header(tag, inner.bytes));
      for (const chunk of inner.chunks) push(slice, chunk);
    }
  }
  return slices;
}

function sliceFor(slices: Map<number, Slice>, partition: number, common: Uint8Array): Slice {
  let slice = slices.get(partition);
  if (slice === undefined) {
    slice = { partition, records: 0, bytes: 0, chunks: [] };
    if (common.length > 0) push(slice, common);
    slices.set(partition, slice);
  }
  return slice;
}

function push(slice: Slice, chunk: Uint8Array): void {
  slice.chunks.push(chunk);
  slice.bytes += chunk.length;
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
