import type { Journal } from '@spillway/journal';
import { messageOf } from '@spillway/resilience';
import type { SpillReport } from '../events.ts';
import type { Queue } from './queue.ts';
import { nameOf, type Queues } from './queues.ts';

/** Saved beside the partitions' own: nothing before this sequence of the journal is needed. */
const neededFromName = 'needed-from';

export function neededFrom(journal: Journal): number {
  return journal.positions.get(neededFromName) ?? 0;
}

export interface ProgressOptions {
  journal: Journal;
  queues: Queues;
  report: SpillReport;
}

/** Remembers durably what is done, and deletes what is not needed any more. */
export class Progress {
  readonly #options: ProgressOptions;
  #deleting: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  /** Never rejects: what could not be saved is reported, and saved the next time. */
  async save(queues: Iterable<Queue>): Promise<void> {
    if (this.#stopped) return;
    const { journal, report } = this.#options;
    const changes = [...queues].map(
      ({ partition, doneTo }) => [nameOf(partition), doneTo] as const,
    );
    try {
      await journal.positions.save([...changes, [neededFromName, this.#neededFrom()]]);
    } catch (error) {
      report({ type: 'done-not-saved', message: messageOf(error) });
    }
    // Also where nothing could be saved: on a full disk, this is what makes room for it.
    await this.deleteDone();
  }

  /** Deletes the segments in which everything is done, one caller after the other. */
  deleteDone(): Promise<void> {
    this.#deleting = this.#deleting.then(() => this.#deleteDone());
    return this.#deleting;
  }

  /** Resolves when nothing is being deleted, and nothing will be. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#deleting;
  }

  async #deleteDone(): Promise<void> {
    if (this.#stopped) return;
    try {
      await this.#options.journal.deleteBefore(this.#neededFrom());
    } catch (error) {
      this.#options.report({ type: 'not-deleted', message: messageOf(error) });
    }
  }

  #neededFrom(): number {
    const { journal, queues } = this.#options;
    return Math.min(queues.oldestSequence(), journal.end);
  }
}
