import type { MinuteRange } from '@spillway/ledger';

/** Positions of a partition, and the minutes of what is there. */
interface Block {
  from: number;
  /** Exclusive. */
  next: number;
  firstMinute: number;
  lastMinute: number;
  rows: number;
}

const rowsPerBlock = 4_096;

type Minutes = Pick<MinuteRange, 'fromMinute' | 'toMinute'>;

/** Where in a partition of the log the messages of some minutes lie, to within a few thousand. */
export class MinuteIndex {
  readonly #blocks: Block[] = [];

  /** Called in the order of the positions. */
  see(position: number, minute: number, rows = 1): void {
    const last = this.#blocks.at(-1);
    if (!last || (last.rows >= rowsPerBlock && position >= last.next)) {
      const block = { from: position, next: position + 1, firstMinute: minute, lastMinute: minute };
      this.#blocks.push({ ...block, rows });
      return;
    }
    last.next = position + 1;
    last.firstMinute = Math.min(last.firstMinute, minute);
    last.lastMinute = Math.max(last.lastMinute, minute);
    last.rows += rows;
  }

  /** Estimates the rows of these minutes, as if those of a block were spread evenly. */
  rowsIn(minutes: Minutes): number {
    return this.#blocks.reduce((sum, block) => sum + block.rows * shareOf(minutes, block), 0);
  }

  /** Positions between which all messages of these minutes lie. */
  *spans(minutes: Minutes): Generator<{ from: number; next: number }> {
    let span: { from: number; next: number } | undefined;
    let isOpen = false;
    for (const block of this.#blocks) {
      const isWanted = isIn(minutes, block);
      if (isWanted && span && isOpen) span.next = block.next;
      else if (isWanted) {
        if (span) yield span;
        span = { from: block.from, next: block.next };
      }
      isOpen = isWanted;
    }
    if (span) yield span;
  }
}

function shareOf({ fromMinute, toMinute }: Minutes, { firstMinute, lastMinute }: Block): number {
  const [from, to] = [Math.max(fromMinute, firstMinute), Math.min(toMinute, lastMinute + 1)];
  return Math.max(0, to - from) / (lastMinute + 1 - firstMinute);
}

function isIn({ fromMinute, toMinute }: Minutes, { firstMinute, lastMinute }: Block): boolean {
  return lastMinute >= fromMinute && firstMinute < toMinute;
}
