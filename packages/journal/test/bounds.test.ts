import { expect, test } from 'vitest';
import { type JournalEvent, type JournalOptions, openJournal } from '../src/index.ts';
import { failure, LossyFiles } from './lossy-files.ts';
import { readAll, textOf } from './tools.ts';

const dir = '/journal';

function open(files: LossyFiles, options: Partial<JournalOptions> = {}) {
  return openJournal({ dir, files, bytesMax: 1e6, ...options });
}

const entry = (text: string, bytes = 100) => [Buffer.from(text.padEnd(bytes, '.'))];

test('a full log refuses appends until segments are deleted', async () => {
  const journal = await open(new LossyFiles(), { bytesMax: 4_000, segmentBytes: 1_000 });
  let outcome = await journal.append(entry('0'));
  let taken = 0;
  for (; outcome.status === 'durable'; taken += 1) outcome = await journal.append(entry('more'));
  expect(outcome).toMatchObject({ status: 'refused', code: 'full', retryable: true });
  expect(journal.stats().bytes).toBeLessThanOrEqual(4_000);
  expect(await journal.deleteBefore(1)).toBe(0);
  const first = journal.segments()[0];
  expect(await journal.deleteBefore(first?.to ?? 0)).toBe(first?.bytes);
  expect(await journal.append(entry('room'))).toMatchObject({ sequence: taken });
  expect(journal.start).toBe(first?.to);
  expect((await journal.read(0, { bytesMax: 1 })).entries[0]?.sequence).toBe(journal.start);
});

test('what is deleted stays deleted, and its sequences are not used again', async () => {
  const files = new LossyFiles();
  const journal = await open(files, { segmentBytes: 500 });
  for (let n = 0; n < 20; n += 1) await journal.append(entry(String(n)));
  await journal.deleteBefore(journal.end);
  const { start, end } = journal;
  expect(journal.segments()).toHaveLength(1);
  files.powerCut();
  const again = await open(files, { segmentBytes: 500 });
  expect([again.start, again.end]).toEqual([start, end]);
  expect(await again.append(entry('next'))).toMatchObject({ sequence: 20 });
});

test('the segment that is written can be sealed and deleted, amid appends', async () => {
  const files = new LossyFiles();
  const journal = await open(files);
  await journal.seal();
  expect(journal.segments()).toEqual([]);
  await journal.append(entry('0'));
  const [, , second] = await Promise.all([
    journal.append(entry('1')),
    journal.seal(),
    journal.append(entry('2')),
  ]);
  expect(second).toMatchObject({ sequence: 2 });
  await journal.seal();
  await journal.seal();
  expect(journal.segments().at(-1)).toMatchObject({ from: 3, to: 3 });
  await journal.deleteBefore(journal.end);
  expect([journal.start, journal.end, journal.countFrom(0)]).toEqual([3, 3, 0]);
  files.powerCut();
  const again = await open(files);
  expect([again.start, again.end]).toEqual([3, 3]);
  expect(await again.append(entry('next'))).toMatchObject({ sequence: 3 });
});

test('a segment is not sealed on a full disk, and appends go on in it or behind it', async () => {
  const files = new LossyFiles();
  const journal = await open(files);
  await journal.append(entry('0'));
  files.spaceBytes = 0;
  await journal.seal();
  expect(journal.segments()).toMatchObject([{ sealed: false }]);
  files.spaceBytes = 10_000;
  expect(await journal.append(entry('1'))).toMatchObject({ status: 'durable' });
  files.powerCut();
  expect((await readAll(await open(files))).map((found) => textOf(found)[0])).toEqual(['0', '1']);
});

test('too many waiting bytes are refused as busy, and a too large entry for ever', async () => {
  const journal = await open(new LossyFiles(), { pendingBytesMax: 1_000, entryBytesMax: 500 });
  const outcomes = await Promise.all(
    Array.from({ length: 12 }, (_, n) => journal.append(entry(String(n)))),
  );
  const refused = outcomes.filter(({ status }) => status === 'refused');
  expect(refused).toHaveLength(4);
  expect(refused[0]).toMatchObject({ code: 'busy', retryable: true });
  const large = await journal.append(entry('large', 501));
  expect(large).toMatchObject({ code: 'too-large', retryable: false });
  expect(await journal.append(entry('after'))).toMatchObject({ status: 'durable' });
});

test('appends that wait share one write and one fsync, and stand together', async () => {
  const journal = await open(new LossyFiles());
  await journal.append(entry('first'));
  const { syncs } = journal.stats();
  await Promise.all(Array.from({ length: 100 }, (_, n) => journal.append(entry(String(n)))));
  expect(journal.stats().syncs).toBe(syncs + 1);
  const batch = await journal.appendBatch([entry('a'), entry('b'), entry('c')]);
  expect(batch).toMatchObject({ status: 'durable', sequence: 101 });
  expect(journal.end).toBe(104);
});

test('a full disk refuses, and the log goes on when there is space again', async () => {
  const files = new LossyFiles();
  const events: JournalEvent[] = [];
  const journal = await open(files, { report: (event) => events.push(event) });
  await journal.append(entry('kept'));
  files.spaceBytes = 400;
  const refused = await journal.append(entry('too much', 700));
  expect(refused).toMatchObject({ status: 'refused', code: 'disk-full', retryable: true });
  expect(events).toMatchObject([{ type: 'write-failed', noSpace: true }]);
  // The torn bytes were cut: what follows stands right behind the last entry.
  files.spaceBytes = 10_000;
  expect(await journal.append(entry('after'))).toMatchObject({ sequence: 1 });
  files.powerCut();
  const again = await open(files);
  expect((await readAll(again)).map((found) => textOf(found).replace(/\.+$/, ''))).toEqual([
    'kept',
    'after',
  ]);
});

test('after a failed fsync the file is left behind: nothing is synced there again', async () => {
  const files = new LossyFiles();
  const journal = await open(files);
  await journal.append(entry('kept'));
  const synced: string[] = [];
  let failing = true;
  files.fault = (operation, path) => {
    if (operation !== 'sync') return undefined;
    synced.push(path);
    if (!failing) return undefined;
    failing = false;
    return { error: failure('EIO', path) };
  };
  const refused = await journal.append(entry('lost'));
  expect(refused).toMatchObject({ status: 'refused', code: 'io', retryable: true });
  expect(await journal.append(entry('after'))).toMatchObject({ status: 'durable', sequence: 2 });
  const [poisoned, ...later] = synced;
  expect(later).not.toContain(poisoned);
  expect((await readAll(journal)).map((found) => found.sequence)).toEqual([0, 2]);
  expect(journal.countFrom(0)).toBe(2);
});

test('a reader waits for the next entry, until it is aborted or the journal closed', async () => {
  const journal = await open(new LossyFiles());
  const abort = new AbortController();
  const appended = journal.waitFor(0, abort.signal);
  await journal.append(entry('0'));
  await appended;
  const reason = new Error('enough');
  const aborted = journal.waitFor(1, abort.signal);
  abort.abort(reason);
  await expect(aborted).rejects.toBe(reason);
  const closed = journal.waitFor(1, new AbortController().signal);
  const expectation = expect(closed).rejects.toMatchObject({ code: 'closed' });
  await journal.close();
  await journal.close();
  await expectation;
  expect(await journal.append(entry('late'))).toMatchObject({ code: 'closed' });
});

test('sequenceAt and timestampOf find entries by time, across segments and a restart', async () => {
  const files = new LossyFiles();
  let nowMs = 1_000;
  const options = { segmentBytes: 400, clock: () => nowMs };
  const journal = await open(files, options);
  const times: number[] = [];
  // The clock steps back once: the first entry at or after a time is meant, in the order of the log.
  for (const stepMs of [0, 10, 10, 0, 10, -25, 10, 10, 10, 10, 10, 10]) {
    nowMs += stepMs;
    times.push(nowMs);
    await journal.append(entry(String(nowMs)));
  }
  await journal.close();
  const again = await open(files, options);
  for (let timeMs = 990; timeMs < 1_100; timeMs += 5) {
    const wanted = times.findIndex((time) => time >= timeMs);
    expect(await again.sequenceAt(timeMs)).toBe(wanted < 0 ? times.length : wanted);
  }
  expect(await again.timestampOf(4)).toBe(times[4]);
  expect(await again.timestampOf(times.length)).toBeUndefined();
});

test('saved positions survive a power cut, however many there are', async () => {
  const files = new LossyFiles();
  const journal = await open(files);
  const names = Array.from({ length: 400 }, (_, n) => `reader-${n}`);
  for (let round = 1; round <= 5; round += 1) {
    const some = names.slice(0, round * 80);
    await Promise.all(some.map((name, n) => journal.positions.save([[name, round * 1_000 + n]])));
  }
  await journal.positions.save([[names[0] as string, undefined]]);
  files.powerCut();
  const again = await open(files);
  expect(again.positions.get('reader-0')).toBeUndefined();
  for (const [n, name] of names.slice(1).entries()) {
    expect(again.positions.get(name)).toBe(5_001 + n);
  }
});

test('a torn save of positions leaves the one before; two corrupt slots are reported', async () => {
  const files = new LossyFiles();
  const journal = await open(files);
  await journal.positions.save([['reader', 1]]);
  await journal.positions.save([['reader', 2]]);
  await journal.close();
  const path = `${dir}/positions`;
  const half = files.bytesOf(path).length / 2;
  files.damage(path, (bytes) => bytes.fill(0xff, 20, 24));
  const second = await open(files);
  expect([1, 2]).toContain(second.positions.get('reader'));
  await second.close();
  files.damage(path, (bytes) => bytes.fill(0xff, half + 20, half + 24));
  const events: JournalEvent[] = [];
  const third = await open(files, { report: (event) => events.push(event) });
  expect(third.positions.get('reader')).toBeUndefined();
  expect(events).toMatchObject([{ type: 'positions-lost' }]);
});

test('a name that a kill left unsynced is durable before anything is acknowledged in it', async () => {
  // Of what was not synced, this disk keeps nothing.
  const files = new LossyFiles({ next: () => 0 });
  const dead = await open(files);
  files.fault = (operation, path) =>
    operation === 'syncDir' || operation === 'unlink' ? { error: failure('EIO', path) } : undefined;
  expect(await dead.append(entry('refused'))).toMatchObject({ status: 'refused' });
  files.kill();
  files.fault = () => undefined;
  const journal = await open(files);
  expect(await journal.append(entry('kept'))).toMatchObject({ status: 'durable' });
  files.powerCut();
  expect(await readAll(await open(files))).toHaveLength(1);
});
