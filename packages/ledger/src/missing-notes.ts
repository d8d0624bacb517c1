import type { KeptNotes, LedgerNote, NoteGap } from './facts.ts';
import type { MissingNotes } from './report.ts';

/** Notes of one gateway and epoch with consecutive numbers, in the order in which they came. */
export interface NoteRun {
  gateway: string;
  epoch: number;
  /** Inclusive. */
  from: number;
  to: number;
  /** The last minute that the note `from` names. */
  minute: number;
}

/** Remembers which notes came, however many, by their runs. */
export class NoteRuns {
  readonly #runs: NoteRun[] = [];
  readonly #latest = new Map<string, NoteRun>();

  get runs(): readonly NoteRun[] {
    return this.#runs;
  }

  add({ gateway, epoch, note, messages, refused }: LedgerNote): void {
    const name = nameOf({ gateway, epoch });
    const run = this.#latest.get(name);
    if (run && note >= run.from && note <= run.to + 1) {
      run.to = Math.max(run.to, note);
      return;
    }
    const minute = [...messages, ...refused].reduce((last, of) => Math.max(last, of.minute), 0);
    const next = { gateway, epoch, from: note, to: note, minute };
    this.#runs.push(next);
    this.#latest.set(name, next);
  }
}

/** Numbers that neither the store has nor one of the notes that it did not read yet. */
export function missingNotes(
  kept: readonly KeptNotes[],
  unread: readonly NoteRun[],
): MissingNotes[] {
  const byGateway = new Map(kept.map((notes) => [nameOf(notes), structuredClone(notes)]));
  for (const run of unread) {
    const { gateway, epoch } = run;
    const fresh = { gateway, epoch, last: 0, lastMinute: 0, missing: [] };
    const notes = byGateway.get(nameOf(run)) ?? fresh;
    byGateway.set(nameOf(run), notes);
    add(notes, run);
  }
  return [...byGateway.values()].flatMap(({ gateway, epoch, missing }) =>
    missing.map((gap) => ({ gateway, epoch, ...gap })),
  );
}

function add(notes: KeptNotes, { from, to, minute }: NoteRun): void {
  notes.missing = notes.missing.flatMap((gap) => without(gap, { from, to }));
  if (to <= notes.last) return;
  if (from > notes.last + 1) notes.missing.push({ from: notes.last + 1, to: from - 1, minute });
  notes.last = to;
}

function without(gap: NoteGap, { from, to }: Pick<NoteRun, 'from' | 'to'>): NoteGap[] {
  const parts = [
    { ...gap, to: Math.min(gap.to, from - 1) },
    { ...gap, from: Math.max(gap.from, to + 1) },
  ];
  return parts.filter((part) => part.from <= part.to);
}

function nameOf({ gateway, epoch }: Pick<NoteRun, 'gateway' | 'epoch'>): string {
  return `${gateway}/${epoch}`;
}
