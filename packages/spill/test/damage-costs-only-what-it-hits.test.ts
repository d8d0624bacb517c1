import { LossyFiles } from '@spillway/journal/lossy-files';
import { expect, test } from 'vitest';
import type { SpillEvent } from '../src/index.ts';
import { drain, message, sequencesIn, watched } from './tools.ts';

const options = { bytesMax: 1e6, segmentBytes: 1_500 };
const perPartition = 12;
const all = Array.from({ length: perPartition }, (_, i) => i + 1);

/** Twelve messages in each of two partitions, in turn, over several segments. */
async function filled() {
  const files = new LossyFiles();
  const { spill } = await watched(files, options);
  for (const n of all) await spill.append([message(0, n, 150), message(1, n, 150)]);
  const logs = files.paths().filter((path) => path.endsWith('.log') && path.includes('messages'));
  expect(logs.length).toBeGreaterThanOrEqual(4);
  return { files, spill, logs };
}

function lostIn(events: readonly SpillEvent[], partition: number) {
  const lost = events.filter((event) => event.type === 'messages-lost');
  return lost.filter((event) => event.partition === partition);
}

function flip(files: LossyFiles, path: string, offset: number): void {
  files.damage(path, (bytes) => {
    bytes[offset] = (bytes[offset] as number) ^ 0x41;
    return bytes;
  });
}

test('a flipped byte costs one message, which is named; the rest is drained in order', async () => {
  for (let offset = 80; ; offset += 29) {
    const { files, spill, logs } = await filled();
    await spill.close();
    if (offset >= files.bytesOf(logs[1] as string).length) break;
    flip(files, logs[1] as string, offset);
    const { spill: again, events } = await watched(files, options);
    const drained: number[] = [];
    for (const partition of [0, 1]) {
      // Sealed segments are checked when they are read, which building the index does.
      const waiting = sequencesIn(again, partition);
      const found = await drain(again, partition);
      expect(found).toEqual(waiting);
      const missing = all.filter((n) => !found.includes(n));
      const named = lostIn(events, partition).map((event) => event.range?.from);
      expect(named).toEqual(missing);
      drained.push(...found);
    }
    expect(drained).toHaveLength(2 * perPartition - 1);
    expect(events.some(({ type }) => type === 'segment-quarantined')).toBe(true);
  }
});

test('damage that comes while it is open is told once it is met, and not waited for', async () => {
  const { files, logs, spill: former } = await filled();
  await former.close();
  const { spill, events } = await watched(files, options);
  for (const offset of [200, 700]) flip(files, logs[2] as string, offset);
  const found = await drain(spill, 0, { done: false, bytesMax: 500 });
  const lost = lostIn(events, 0).concat(lostIn(events, 1));
  expect(lost.reduce((sum, { messages }) => sum + messages, 0)).toBe(2);
  expect(spill.stats()).toMatchObject({ lost: 2, messages: 2 * perPartition - 2 });
  expect(sequencesIn(spill, 0)).toEqual(found);
  const named = lostIn(events, 1).map(({ range }) => range?.from);
  expect(await drain(spill, 1)).toEqual(all.filter((n) => !named.includes(n)));
});

test.each([0, 1, 2])('segment %i deleted: what was in it is counted and named', async (number) => {
  const { files, spill, logs } = await filled();
  await spill.close();
  files.remove(logs[number] as string);
  const { spill: again, events } = await watched(files, options);
  for (const partition of [0, 1]) {
    const found = sequencesIn(again, partition);
    const missing = all.filter((n) => !found.includes(n));
    expect(missing.length).toBeGreaterThan(0);
    const [lost, ...more] = lostIn(events, partition);
    expect(more).toEqual([]);
    expect(lost).toMatchObject({ messages: missing.length });
    // Before the first that is left, nothing tells the names.
    const named = { gateway: 'gw-1', epoch: 7, from: missing[0], to: missing.at(-1) };
    expect(lost?.range).toEqual(number === 0 ? undefined : named);
    expect(await drain(again, partition)).toEqual(found);
  }
});

test('a segment deleted under an open spill is no longer in the inventory once it is met', async () => {
  const { files, logs, spill: former } = await filled();
  await former.close();
  const { spill, events } = await watched(files, options);
  files.remove(logs[1] as string);
  const found = await drain(spill, 0, { done: false });
  expect(found.length).toBeLessThan(perPartition);
  expect(sequencesIn(spill, 0)).toEqual(found);
  expect(events).toContainEqual(expect.objectContaining({ type: 'segment-missing' }));
  const missing = all.filter((n) => !found.includes(n));
  const range = { gateway: 'gw-1', epoch: 7, from: missing[0], to: missing.at(-1) };
  expect(lostIn(events, 0)).toMatchObject([{ messages: missing.length, range }]);
});

test('what was drained and deleted long ago is not told as lost', async () => {
  const { files, spill } = await filled();
  await drain(spill, 0);
  const handed = await spill.next({ topic: 'otlp_logs', partition: 1 }, 1_400);
  await spill.done(handed);
  files.kill();
  const { spill: again, events } = await watched(files, options);
  expect(events.map(({ type }) => type)).toEqual(['taken-over']);
  expect(again.stats().messages).toBe(perPartition - handed.length);
});

test('lost positions hand out again what is still kept, and nothing is told as lost', async () => {
  const { files, spill } = await filled();
  await spill.done(await spill.next({ topic: 'otlp_logs', partition: 0 }, 600));
  await spill.close();
  files.damage('/spill/messages/positions', (bytes) => bytes.fill(0));
  const { spill: again, events } = await watched(files, options);
  expect(events.map(({ type }) => type)).toEqual(['positions-lost', 'taken-over']);
  expect(sequencesIn(again, 1)).toEqual(all);
  expect(await drain(again, 0)).toEqual(all);
});
