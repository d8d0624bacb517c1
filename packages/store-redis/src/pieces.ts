import type { DecodedMessage } from '@spillway/store';
import { bucketMs, placeInTime } from '@spillway/store/live';
import { Effects } from './effects.ts';

/** Records of a message that one step may take: a step is short, so that nobody waits for long. */
export const pieceRecords = 1_000;

/** What one step does. A message of many records takes several. */
export interface Piece {
  index: number;
  count: number;
  effects: Effects;
  /** Index in the message of each record that has effects. */
  places: number[];
  late: number;
}

/**
 * Cut by the record's own index, so that a redelivery and a rebuild, which may lack records, cut
 * alike.
 */
export function piecesOf(message: DecodedMessage, windowMs: number, nowMs: number): Piece[] {
  const { records, envelope } = message;
  const last = records.at(-1)?.index ?? 0;
  const total = Math.max(message.earlier?.records ?? 0, envelope.records ?? 0, last + 1);
  const count = message.signal === 'traces' ? Math.ceil(total / pieceRecords) : 1;
  const pieces = Array.from({ length: count }, (_, index): Piece => {
    return { index, count, effects: new Effects(), places: [], late: 0 };
  });
  for (const [place, record] of records.entries()) {
    if (record.signal !== 'traces') continue;
    const piece = pieces[Math.floor(record.index / pieceRecords)] as Piece;
    const { timeMs } = placeInTime(record, envelope.receivedMs, windowMs);
    if (timeMs < nowMs - windowMs) {
      piece.late++;
      continue;
    }
    piece.places.push(place);
    // A clock that runs ahead opens one bucket more, not a day of them.
    piece.effects.add(record, Math.min(timeMs, nowMs + bucketMs));
  }
  return pieces;
}
