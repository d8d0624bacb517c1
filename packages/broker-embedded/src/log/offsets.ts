/**
 * What each group has committed, what expired before it did, and how far retention went: one durable
 * table for all.
 */
import type { ExpiredKept, TopicPartition } from '@spillway/broker';
import { type Files, openPositions, type Positions, type Report } from '@spillway/journal';

export interface Offset {
  /** First position that is not committed. */
  committed: number;
  expired: number;
}

export interface OffsetChange extends TopicPartition, Offset {
  group: string;
}

export class Offsets {
  readonly #positions: Positions;

  private constructor(positions: Positions) {
    this.#positions = positions;
  }

  static async open(options: {
    files: Files;
    path: string;
    fsync: boolean;
    report: Report;
  }): Promise<Offsets> {
    return new Offsets(await openPositions(options));
  }

  get(group: string, at: TopicPartition): Offset | undefined {
    const committed = this.#positions.get(nameOf('c', group, at));
    if (committed === undefined) return undefined;
    return { committed, expired: this.#positions.get(nameOf('x', group, at)) ?? 0 };
  }

  /** All or none survive a crash. Durable when resolved; seen by `get` at once. */
  set(changes: readonly OffsetChange[]): Promise<void> {
    return this.#positions.save(
      changes.flatMap((change): [string, number][] => {
        const { group, committed, expired } = change;
        const entries: [string, number][] = [[nameOf('c', group, change), committed]];
        if (expired > 0) entries.push([nameOf('x', group, change), expired]);
        return entries;
      }),
    );
  }

  /** When the youngest message was taken that retention removed; undefined when it never said. */
  removedUpToMs(at: TopicPartition): number | undefined {
    return this.#positions.get(removedName('r', at));
  }

  /** Retention removed what stands before it. */
  removedBefore(at: TopicPartition): number {
    return this.#positions.get(removedName('b', at)) ?? 0;
  }

  /** Seen at once. Rejects when it could not be saved; the next save of anything repeats it. */
  setRemoved(at: TopicPartition, { upToMs, before }: ExpiredKept): Promise<void> {
    return this.#positions.save([
      [removedName('r', at), Math.max(upToMs, this.removedUpToMs(at) ?? 0)],
      [removedName('b', at), Math.max(before, this.removedBefore(at))],
    ]);
  }

  /** Every group and partition that has a committed position. */
  all(): OffsetChange[] {
    const found: OffsetChange[] = [];
    for (const [name] of this.#positions.entries()) {
      const [kind, group = '', topic = '', partition] = name.split('/');
      if (kind !== 'c') continue;
      const at = { topic, partition: Number(partition) };
      found.push({ group, ...at, ...(this.get(group, at) as Offset) });
    }
    return found;
  }

  close(): Promise<void> {
    return this.#positions.close();
  }
}

function removedName(kind: 'r' | 'b', { topic, partition }: TopicPartition): string {
  return `${kind}/${topic}/${partition}`;
}

function nameOf(kind: 'c' | 'x', group: string, { topic, partition }: TopicPartition): string {
  return `${kind}/${group}/${topic}/${partition}`;
}
