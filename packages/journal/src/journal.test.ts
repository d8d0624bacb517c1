import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Journal, type JournalOptions, openJournal } from './journal.ts';

let dir: string;
let open: Journal[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'journal-'));
});

afterEach(async () => {
  for (const journal of open) await journal.close();
  open = [];
  await rm(dir, { recursive: true });
});

async function journalOf(options: Partial<JournalOptions> = {}): Promise<Journal> {
  const journal = await openJournal({ dir, bytesMax: 16 * 1024 * 1024, ...options });
  open.push(journal);
  return journal;
}

const text = (value: string) => [Buffer.from(value)];

async function readAll(journal: Journal, bytesMax = 1000) {
  const found: [number, string][] = [];
  for (let at = journal.start; ; ) {
    const { entries, next } = await journal.read(at, { bytesMax });
    if (entries.length === 0 && next === at) return found;
    for (const entry of entries)
      found.push([entry.sequence, Buffer.from(entry.payload).toString()]);
    at = next;
  }
}

test('entries come back in order, across segments and a restart', async () => {
  const first = await journalOf({ segmentBytes: 500 });
  const wanted: [number, string][] = [];
  for (let n = 0; n < 60; n += 1) {
    const value = `entry ${n} ${'x'.repeat(n * 3)}`;
    const parts = [Buffer.from(value.slice(0, 5)), Buffer.from(''), Buffer.from(value.slice(5))];
    expect(await first.append(parts)).toMatchObject({ status: 'durable', sequence: n });
    wanted.push([n, value]);
  }
  expect(first.segments().length).toBeGreaterThan(5);
  expect(await readAll(first)).toEqual(wanted);
  await first.close();
  const second = await journalOf({ segmentBytes: 500 });
  expect(await readAll(second)).toEqual(wanted);
  expect(await readAll(second, 10)).toEqual(wanted);
  expect(second.countFrom(0)).toBe(60);
  expect(second.countFrom(17)).toBe(43);
  expect(await second.append(text('more'))).toMatchObject({ status: 'durable', sequence: 60 });
  for (const from of [59, 3, 31, 30, 0]) {
    const chunk = await second.read(from, { bytesMax: 1 });
    expect(chunk.entries.map((entry) => entry.sequence)).toEqual([from]);
  }
});
