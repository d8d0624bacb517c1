import type { Entry, Journal } from '../src/index.ts';

export async function readAll(journal: Journal, bytesMax = 100_000): Promise<Entry[]> {
  const found: Entry[] = [];
  for (let at = journal.start; ; ) {
    const { entries, next } = await journal.read(at, { bytesMax });
    if (next === at) return found;
    found.push(...entries);
    at = next;
  }
}

export function textOf(entry: Entry): string {
  return Buffer.from(entry.payload).toString();
}
