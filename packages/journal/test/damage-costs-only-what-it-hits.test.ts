import { expect, test } from 'vitest';
import { type JournalEvent, openJournal } from '../src/index.ts';
import { LossyFiles } from './lossy-files.ts';
import { readAll, textOf } from './tools.ts';

const dir = '/journal';
const headBytes = 80;
const entryBytes = 24 + 26;
const perSegment = 4;
const segments = 3;
const count = perSegment * segments;

async function open(files: LossyFiles) {
  const events: JournalEvent[] = [];
  const segmentBytes = headBytes + perSegment * entryBytes;
  const report = (event: JournalEvent) => events.push(event);
  const journal = await openJournal({ dir, files, report, segmentBytes, bytesMax: 1e6 });
  return { journal, events };
}

/** Three segments of four entries: payload n names itself. */
async function filled(): Promise<{ files: LossyFiles; logs: string[] }> {
  const files = new LossyFiles();
  const { journal } = await open(files);
  for (let n = 0; n < count; n += 1) await journal.append([Buffer.from(payloadOf(n))]);
  await journal.close();
  const logs = files.paths().filter((path) => path.endsWith('.log'));
  expect(logs).toHaveLength(segments);
  return { files, logs };
}

const payloadOf = (n: number) => `payload of entry ${n}`.padEnd(26, '.');

/** Opens, reads, appends, and does it again: what is served stays served, nothing is used twice. */
async function served(files: LossyFiles) {
  const first = await open(files);
  const entries = await readAll(first.journal);
  for (const entry of entries) expect(textOf(entry)).toBe(payloadOf(entry.sequence));
  const sequences = entries.map((entry) => entry.sequence);
  expect(first.journal.countFrom(0)).toBe(sequences.length);
  const outcome = await first.journal.append([Buffer.from('new')]);
  if (outcome.status !== 'durable') throw new Error(JSON.stringify(outcome));
  expect(outcome.sequence).toBeGreaterThan(sequences.at(-1) ?? -1);
  await first.journal.close();
  const second = await open(files);
  const again = await readAll(second.journal);
  expect(again.map((entry) => entry.sequence)).toEqual([...sequences, outcome.sequence]);
  expect(second.journal.countFrom(0)).toBe(again.length);
  // Only a hole is told at every open: there is nothing to mark.
  expect(second.events.filter(({ type }) => type !== 'segment-missing')).toEqual([]);
  await second.journal.close();
  return { sequences, next: outcome.sequence, events: first.events };
}

const all = Array.from({ length: count }, (_, n) => n);
/** Every byte of the middle segment; of the others, enough to hit every field. */
const stepOf = (number: number) => (number === 1 ? 1 : 3);
const segmentNumbers = all.slice(0, segments);

test.each(segmentNumbers)(
  'a flipped byte anywhere in segment %i costs at most one entry',
  async (number) => {
    const size = headBytes + perSegment * entryBytes;
    for (let offset = 0; offset < size; offset += stepOf(number)) {
      const { files, logs } = await filled();
      files.damage(logs[number] as string, (bytes) => {
        bytes[offset] = (bytes[offset] as number) ^ 0x41;
        return bytes;
      });
      const hit =
        offset < headBytes
          ? undefined
          : number * perSegment + Math.floor((offset - headBytes) / entryBytes);
      const { sequences, next, events } = await served(files);
      expect(sequences).toEqual(all.filter((n) => n !== hit));
      expect(next).toBeGreaterThanOrEqual(count);
      if (hit === undefined) {
        expect(events).toEqual([]);
        continue;
      }
      // Behind the last entry nothing intact follows: that is what a torn tail looks like.
      const torn = hit === count - 1;
      expect(events).toMatchObject([
        torn
          ? { type: 'tail-cut', bytesLost: entryBytes }
          : { type: 'segment-quarantined', entriesLost: 1, bytesLost: entryBytes },
      ]);
      const quarantined = files.paths().filter((path) => path.endsWith('.quarantined'));
      expect(quarantined).toHaveLength(torn ? 0 : 1);
    }
  },
);

test.each(segmentNumbers)(
  'segment %i truncated anywhere costs what stood behind',
  async (number) => {
    const size = headBytes + perSegment * entryBytes;
    for (let length = 0; length < size; length += stepOf(number)) {
      const { files, logs } = await filled();
      files.damage(logs[number] as string, (bytes) => bytes.subarray(0, length));
      const { sequences, next, events } = await served(files);
      // One copy of the head is enough, but without entries there is nothing to read with it.
      const kept = Math.max(0, Math.floor((length - headBytes) / entryBytes));
      const lost = (n: number) => Math.floor(n / perSegment) === number && n % perSegment >= kept;
      expect(sequences).toEqual(all.filter((n) => !lost(n)));
      const last = number === segments - 1;
      const atBoundary = (length - headBytes) % entryBytes === 0 && length >= headBytes;
      // A cut between two entries of the last segment leaves no trace at all.
      if (last && atBoundary) expect(events).toEqual([]);
      else {
        expect(next).toBeGreaterThanOrEqual(count);
        expect(events).toHaveLength(1);
      }
      if (!last) expect(events).toMatchObject([{ entriesLost: perSegment - kept }]);
    }
  },
);

test.each([0, 1, 2])('segment %i missing is reported, and the rest is served', async (number) => {
  const { files, logs } = await filled();
  files.remove(logs[number] as string);
  const { sequences, events } = await served(files);
  expect(sequences).toEqual(all.filter((n) => Math.floor(n / perSegment) !== number));
  // Without the first one, a log looks like one whose oldest segment was deleted on purpose.
  const wanted = { type: 'segment-missing', entriesLost: perSegment };
  if (number === 1) expect(events).toMatchObject([wanted]);
  else expect(events).toEqual([]);
});

test('an entry that a payload imitates is never taken for one', async () => {
  const { files, logs } = await filled();
  const middle = logs[1] as string;
  const real = files.bytesOf(middle).subarray(headBytes + entryBytes, headBytes + 2 * entryBytes);
  const victim = new LossyFiles();
  const { journal } = await open(victim);
  for (let n = 0; n < count; n += 1) {
    await journal.append([n === 4 ? Buffer.concat([real, real]) : Buffer.from(payloadOf(n))]);
  }
  await journal.close();
  victim.damage(victim.paths().find((path) => path.endsWith('4.log')) as string, (bytes) => {
    bytes[headBytes] = 0;
    return bytes;
  });
  const found = await readAll((await open(victim)).journal);
  expect(found.map((entry) => entry.sequence)).toEqual(all.filter((n) => n !== 4));
});

test('a consumer that was ahead of a damaged log does not miss what is appended next', async () => {
  const { files, logs } = await filled();
  const { journal } = await open(files);
  await journal.positions.save([['reader', count]]);
  await journal.close();
  files.damage(logs[2] as string, (bytes) => bytes.subarray(0, headBytes));
  const reopened = (await open(files)).journal;
  const outcome = await reopened.append([Buffer.from('new')]);
  expect(outcome).toMatchObject({ status: 'durable', sequence: count });
  expect((await reopened.read(count, { bytesMax: 100 })).entries.map(textOf)).toEqual(['new']);
});

test('corruption that appears while the log is open is quarantined by its first reader', async () => {
  const files = new LossyFiles();
  const { journal, events } = await open(files);
  for (let n = 0; n < count; n += 1) await journal.append([Buffer.from(payloadOf(n))]);
  const last = files.paths().findLast((path) => path.endsWith('.log')) as string;
  files.bytesOf(last)[headBytes + 30] = 0;
  const reads = await Promise.all([readAll(journal), readAll(journal)]);
  for (const entries of reads) {
    expect(entries.map((entry) => entry.sequence)).toEqual(all.filter((n) => n !== 8));
  }
  expect(events).toMatchObject([{ type: 'segment-quarantined', entriesLost: 1 }]);
  expect(await journal.append([Buffer.from('new')])).toMatchObject({ sequence: count });
  expect((await readAll(journal)).map(textOf).at(-1)).toBe('new');
  await journal.close();
});

test('a reader that stands behind the newest entry left tells that segments are gone', async () => {
  const { files, logs } = await filled();
  const { journal } = await open(files);
  await journal.positions.save([['reader', count - 1]]);
  await journal.close();
  for (const path of logs.slice(1)) files.remove(path);
  const { journal: again, events } = await open(files);
  const entriesLost = count - 1 - perSegment;
  expect(events).toMatchObject([{ type: 'segment-missing', path: dir, entriesLost }]);
  expect(again.end).toBe(count - 1);
});

test('a file named after a sequence that there cannot be is left alone, and appends go on', async () => {
  const { files } = await filled();
  const stray = `${dir}/00000400000000000000.log`;
  await (await files.open(stray, 'create')).write([Buffer.alloc(100)], 0);
  const { journal } = await open(files);
  expect(journal.end).toBe(count);
  expect(await journal.append([Buffer.from('x')])).toMatchObject({ status: 'durable' });
  expect(files.paths()).toContain(stray);
});
