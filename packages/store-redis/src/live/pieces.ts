import type { SpanRecord } from '@spillway/otlp';
import type { DecodedMessage } from '@spillway/store';
import { bucketMs, isRolledUp, isRolledUpRecord, placeInTime } from '@spillway/store/live';
import { Effects } from './effects.ts';

/**
 * Records of a message that one step may take: a step is short, so that no other step waits for
 * long.
 */
export const pieceRecords = 1_000;

/** What one step does. A message of many records takes several. */
export interface Piece {
  /** Index of the first record, and behind the last one; `total` of the message's last piece. */
  from: number;
  to: number;
  total: number;
  effects: Effects;
  /** Index in the message of each record that has effects. */
  places: number[];
  late: number;
}

interface Cut {
  from: number;
  to: number;
  /** Index in the message of each of its records. */
  places: number[];
}

/**
 * Cut by the record's own index, since a rebuild may lack records. One after the other: what a piece
 * does takes several times the memory of its records.
 */
export function* piecesOf(
  message: DecodedMessage,
  windowMs: number,
  nowMs: number,
): Generator<Piece> {
  const { records, envelope, earlier, part } = message;
  const last = records.at(-1)?.index ?? 0;
  const total = part?.total ?? Math.max(earlier?.records ?? 0, envelope.records ?? 0, last + 1);
  for (const { from, to, places } of cuts(message, total)) {
    const piece: Piece = { from, to, total, effects: new Effects(), places: [], late: 0 };
    for (const place of places) {
      const record = records[place] as SpanRecord;
      const { timeMs } = placeInTime(record, envelope.receivedMs, windowMs);
      if (timeMs < nowMs - windowMs) {
        piece.late++;
        continue;
      }
      piece.places.push(place);
      // A clock that runs ahead opens one bucket more, not a day of them.
      piece.effects.add(record, Math.min(timeMs, nowMs + bucketMs));
    }
    yield piece;
  }
}

/** Records that are in no roll-up are in one piece, without a place. */
function cuts({ records, part, signal }: DecodedMessage, total: number): Cut[] {
  const { from, to } = part ?? { from: 0, to: total };
  const size = isRolledUp(signal) ? pieceRecords : Math.max(1, to - from);
  const found: Cut[] = [];
  for (let at = from; at < to; at += size) {
    found.push({ from: at, to: Math.min(at + size, to), places: [] });
  }
  for (const [place, record] of records.entries()) {
    if (!isRolledUpRecord(record)) continue;
    found[Math.floor((record.index - from) / size)]?.places.push(place);
  }
  return found;
}
