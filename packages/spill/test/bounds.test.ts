import { LossyFiles } from '@spillway/journal/lossy-files';
import { expect, test } from 'vitest';
import { dir, drain, message, open, sequencesIn, topic, watched } from './tools.ts';

const first = { topic, partition: 0 };

test('a full spill refuses, all or nothing, until segments are drained', async () => {
  const spill = await open(new LossyFiles(), { bytesMax: 20_000, segmentBytes: 4_000 });
  let taken = 0;
  let outcome = await spill.append([message(0, 1, 900)]);
  for (; outcome.status === 'durable'; taken += 1) {
    outcome = await spill.append([message(0, taken + 2, 900)]);
  }
  expect(outcome).toMatchObject({ status: 'refused', code: 'full' });
  expect(spill.stats().diskBytes).toBeLessThanOrEqual(20_000);
  const pair = [message(0, taken + 1, 9_000), message(1, 1, 9_000)];
  expect(await spill.append(pair)).toMatchObject({ status: 'refused', code: 'full' });
  expect(sequencesIn(spill, 1)).toEqual([]);
  await drain(spill, 0);
  expect(await spill.append(pair)).toEqual({ status: 'durable' });
  expect(await drain(spill, 0)).toEqual([taken + 1]);
  expect(await drain(spill, 1)).toEqual([1]);
  expect(spill.stats().refused).toMatchObject({ full: 2 });
});

test('what one partition holds back counts, and the others are drained all the same', async () => {
  const options = { bytesMax: 40_000, segmentBytes: 4_000 };
  const spill = await open(new LossyFiles(), options);
  await spill.append([message(0, 1, 900)]);
  for (let n = 1; n <= 20; n += 1) await spill.append([message(1, n, 900)]);
  const before = spill.stats().diskBytes;
  expect(await drain(spill, 1)).toHaveLength(20);
  expect(spill.stats()).toMatchObject({ messages: 1, diskBytes: before });
  await drain(spill, 0);
  expect(spill.stats().diskBytes).toBeLessThan(5_000);
});

test('a full disk refuses, all or nothing, and takes the same again when there is space', async () => {
  const files = new LossyFiles();
  const { spill, events } = await watched(files);
  await spill.append([message(0, 1)]);
  const room = files.paths().reduce((sum, path) => sum + files.bytesOf(path).length, 0);
  files.spaceBytes = room + 700;
  const pair = [message(0, 2, 500), message(1, 1, 500)];
  expect(await spill.append(pair)).toMatchObject({ status: 'refused', code: 'disk-full' });
  expect(events).toMatchObject([{ type: 'write-failed', noSpace: true }]);
  expect(sequencesIn(spill, 0)).toEqual([1]);
  files.spaceBytes = Number.POSITIVE_INFINITY;
  expect(await spill.append(pair)).toEqual({ status: 'durable' });
  files.powerCut();
  const again = await open(files);
  expect(await drain(again, 0)).toEqual([1, 2]);
  expect(await drain(again, 1)).toEqual([1]);
});

test('on a disk without any space, a spill is opened and drained, which makes room', async () => {
  const files = new LossyFiles();
  const options = { bytesMax: 1e6, segmentBytes: 2_000 };
  const filled = await open(files, options);
  for (let n = 1; n <= 30; n += 1) await filled.append([message(0, n, 500)]);
  await filled.close();
  files.spaceBytes = 0;
  const { spill, events } = await watched(files, options);
  expect(events.map(({ type }) => type)).toEqual(['owner-not-saved', 'taken-over']);
  expect(await drain(spill, 0)).toHaveLength(30);
  expect(events.at(-1)?.type).toBe('done-not-saved');
  expect(spill.stats().diskBytes).toBeLessThan(3_000);
  expect(spill.inventory().revision).toBeGreaterThan(filled.inventory().revision);
  files.spaceBytes = Number.POSITIVE_INFINITY;
  expect(await spill.append([message(0, 31)])).toEqual({ status: 'durable' });
});

test('too much at once is busy; after close everything is refused', async () => {
  const spill = await open(new LossyFiles(), { pendingBytesMax: 3_000 });
  const outcomes = await Promise.all([1, 2, 3, 4].map((n) => spill.append([message(0, n, 900)])));
  expect(outcomes.slice(0, 2)).toEqual([{ status: 'durable' }, { status: 'durable' }]);
  expect(outcomes[3]).toMatchObject({ status: 'refused', code: 'busy' });
  await spill.close();
  await spill.close();
  expect(await spill.append([message(0, 5)])).toMatchObject({ status: 'refused', code: 'closed' });
  await expect(spill.next(first, 1e6)).rejects.toMatchObject({ code: 'closed' });
});

test('a message without gateway, epoch and sequence is not taken', async () => {
  const spill = await open(new LossyFiles());
  const append = spill.append([{ ...message(0, 1), headers: {} }]);
  await expect(append).rejects.toThrow('A message of otlp_logs/0 has no gateway');
});

test('what is handed out again comes from the oldest; a release voids a hand-out under way', async () => {
  const spill = await open(new LossyFiles());
  await spill.append([1, 2, 3, 4].map((n) => message(0, n)));
  const under = spill.next(first, 1e6);
  spill.release(first);
  expect(await under).toEqual([]);
  const handed = await spill.next(first, 1e6);
  await spill.done([handed[1], handed[2]].flatMap((found) => found ?? []));
  expect(spill.backlog()).toMatchObject([{ ...first, messages: 2, oldestMs: 1e12 }]);
  spill.release(first);
  expect(await drain(spill, 0)).toEqual([1, 4]);
});

test('a value is the last one written, or the one before; a corrupt one is none', async () => {
  const files = new LossyFiles();
  const { spill, events } = await watched(files);
  expect(await spill.readValue('producer')).toBeUndefined();
  await Promise.all(['a', 'b', 'c'].map((text) => spill.writeValue('producer', Buffer.from(text))));
  void spill.writeValue('producer', Buffer.from('d'));
  files.powerCut();
  const again = await open(files, { report: (event) => events.push(event) });
  const value = await again.readValue('producer');
  expect(['c', 'd']).toContain(Buffer.from(value ?? []).toString());
  files.damage(`${dir}/values/producer`, (bytes) => bytes.fill(0x55, 4));
  expect(await again.readValue('producer')).toBeUndefined();
  expect(events).toMatchObject([{ type: 'value-lost' }]);
  await expect(again.writeValue('../x', Buffer.alloc(1))).rejects.toThrow('must match');
});

test('notes are kept in order until they are done, within their own bound', async () => {
  const files = new LossyFiles();
  const options = { notesBytesMax: 10_000, segmentBytes: 1_000 };
  const spill = await open(files, options);
  for (let n = 0; n < 5; n += 1) await spill.notes.append(Buffer.from(`note ${n}`));
  expect(Buffer.from((await spill.notes.next()) ?? []).toString()).toBe('note 0');
  await spill.notes.done();
  files.powerCut();
  const { spill: again, events } = await watched(files, options);
  expect(events).toMatchObject([{ type: 'taken-over', messages: 0, notes: 4 }]);
  for (let n = 1; n < 5; n += 1) {
    expect(Buffer.from((await again.notes.next()) ?? []).toString()).toBe(`note ${n}`);
    await again.notes.done();
  }
  expect(await again.notes.next()).toBeUndefined();
  let outcome = await again.notes.append(Buffer.alloc(900));
  while (outcome.status === 'durable') outcome = await again.notes.append(Buffer.alloc(900));
  expect(outcome).toMatchObject({ code: 'full' });
  expect(again.stats().notesBytes).toBeLessThanOrEqual(10_000);
});

test('what is known of the messages is bounded, all or nothing, until some are drained', async () => {
  const spill = await open(new LossyFiles(), { bytesMax: 1e8, indexBytesMax: 20_000 });
  let taken = 0;
  while ((await spill.append([message(0, taken + 1)])).status === 'durable') taken += 1;
  expect(await spill.append([message(1, 1)])).toMatchObject({ status: 'refused', code: 'full' });
  // A table doubles; there is nothing in it but 20 bytes for each message.
  expect(taken).toBeGreaterThan(500);
  expect(taken).toBeLessThan(1_100);
  expect(await drain(spill, 0)).toHaveLength(taken);
  expect(await spill.append([message(1, 1)])).toEqual({ status: 'durable' });
  await spill.close();
});

test('what is handed out at once is bounded by what has to be read for it', async () => {
  const spill = await open(new LossyFiles());
  for (let n = 1; n <= 100; n += 1) {
    await spill.append([message(0, n)]);
    await spill.append([message(1, n, 3_900)]);
  }
  const bytesMax = 100_000;
  const bytes = spill.nextBytes(first, bytesMax);
  const found = await spill.next(first, bytesMax);
  const chunks = new Set(found.flatMap(({ value }) => value.map(({ buffer }) => buffer)));
  const read = [...chunks].reduce((sum, { byteLength }) => sum + byteLength, 0);
  expect([bytes <= bytesMax, read <= bytes + 1_000]).toEqual([true, true]);
  expect(found.length).toBeGreaterThan(20);
  await spill.close();
});
