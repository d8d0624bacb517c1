import type { KeptNotes, LedgerNote, NoteGap } from './facts.ts';
import type { MissingNotes } from './report.ts';

/** Numbers that neither the store has nor one of the notes that it did not read yet. */
export function missingNotes(
  kept: readonly KeptNotes[],
  unread: readonly LedgerNote[],
): MissingNotes[] {
  const byGateway = new Map(kept.map((notes) => [nameOf(notes), structuredClone(notes)]));
  for (const note of unread) {
    const { gateway, epoch } = note;
    const fresh = { gateway, epoch, last: 0, lastMinute: 0, missing: [] };
    const notes = byGateway.get(nameOf(note)) ?? fresh;
    byGateway.set(nameOf(note), notes);
    add(notes, note);
  }
  return [...byGateway.values()].flatMap(({ gateway, epoch, missing }) =>
    missing.map((gap) => ({ gateway, epoch, ...gap })),
  );
}

function add(notes: KeptNotes, { note, messages, refused }: LedgerNote): void {
  if (note <= notes.last) {
    notes.missing = notes.missing.flatMap((gap) => without(gap, note));
    return;
  }
  const minute = [...messages, ...refused].reduce((last, of) => Math.max(last, of.minute), 0);
  if (note > notes.last + 1) notes.missing.push({ from: notes.last + 1, to: note - 1, minute });
  notes.last = note;
}

function without(gap: NoteGap, note: number): NoteGap[] {
  if (note < gap.from || note > gap.to) return [gap];
  const parts = [
    { ...gap, to: note - 1 },
    { ...gap, from: note + 1 },
  ];
  return parts.filter(({ from, to }) => from <= to);
}

function nameOf({ gateway, epoch }: { gateway: string; epoch: number }): string {
  return `${gateway}/${epoch}`;
}
