import { expect, test } from 'vitest';
import { type EntryPlace, type JournalEvent, openJournal } from '../src/index.ts';
import { chanceOf } from './chance.ts';
import { LossyFiles } from './lossy-files.ts';
import { readAll, textOf } from './tools.ts';

const dir = '/journal';

/** Forty entries over several segments, and their places as the appends told them. */
async function filled() {
  const files = new LossyFiles();
  const events: JournalEvent[] = [];
  const report = (event: JournalEvent) => events.push(event);
  const journal = await openJournal({ dir, files, report, bytesMax: 1e6, segmentBytes: 9_000 });
  const places: EntryPlace[] = [];
  for (let n = 0; n < 40; n += 1) {
    const payload = Buffer.from(String(n).padEnd(10 + ((n * 331) % 2_500), '.'));
    const outcome = await journal.append([payload]);
    if (outcome.status !== 'durable') throw new Error(outcome.message);
    places.push({ ...outcome, payloadBytes: payload.length });
  }
  return { files, events, journal, places };
}

test('entries are found by their places, however far apart, and as a read tells them', async () => {
  const { journal, places } = await filled();
  const chance = chanceOf(1);
  for (let share = 0.1; share <= 1; share += 0.3) {
    const some = places.filter(() => chance.next() < share);
    const found = await journal.readPlaces(some);
    expect(found.map((entry) => entry?.sequence)).toEqual(some.map(({ sequence }) => sequence));
    expect(found.every((entry) => entry && textOf(entry).startsWith(`${entry.sequence}.`))).toBe(
      true,
    );
  }
  const read = await readAll(journal);
  expect(read.map(({ offset }) => offset)).toEqual(places.map(({ offset }) => offset));
});

test('a place whose entry is corrupt, or deleted, or another one, has no entry', async () => {
  const { files, events, journal, places } = await filled();
  const [, second] = journal.segments();
  const hit = places.find(({ sequence }) => sequence === (second?.from ?? 0) + 1) as EntryPlace;
  const [path] = files.paths().filter((name) => name.endsWith(`${second?.from}.log`));
  files.damage(path as string, (bytes) => bytes.fill(0, hit.offset + 30, hit.offset + 31));
  const found = await journal.readPlaces(places);
  expect(found.flatMap((entry, n) => (entry ? [] : [n]))).toEqual([hit.sequence]);
  expect(events).toMatchObject([{ type: 'segment-quarantined', entriesLost: 1 }]);
  expect([hit.sequence, 0].map((sequence) => journal.isLost(sequence))).toEqual([true, false]);
  await journal.deleteBefore(second?.from ?? 0);
  expect(await journal.readPlaces(places.slice(0, 1))).toEqual([undefined]);
});

test('a file that someone removed is told once; the log goes on in another', async () => {
  const { files, events, journal, places } = await filled();
  const last = journal.segments().at(-1)?.from as number;
  const logs = files.paths().filter((path) => path.endsWith('.log'));
  await journal.close();
  const report = (event: JournalEvent) => events.push(event);
  const again = await openJournal({ dir, files, report, bytesMax: 1e6, segmentBytes: 9_000 });
  files.remove(logs.at(-1) as string);
  const found = await again.readPlaces(places);
  expect(found.flatMap((entry) => entry ?? [])).toHaveLength(last);
  expect(events).toMatchObject([{ type: 'segment-missing', entriesLost: 40 - last }]);
  expect(await again.append([Buffer.from('on')])).toMatchObject({ status: 'durable' });
  expect(textOf((await readAll(again)).at(-1) as never)).toBe('on');
});
