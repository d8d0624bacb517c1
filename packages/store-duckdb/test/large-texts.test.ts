import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestRecords, text } from '@spillway/store/contract';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  createDuckdbSearchStore,
  type DuckdbSearchStore,
  type SearchStoreEvent,
} from '../src/index.ts';

const kibibyte = 1_024;
const allMinutes = { fromMinute: 0, toMinute: 2_000_000_000 };
let dir: string;
let store: DuckdbSearchStore;
let events: SearchStoreEvent[];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'large-texts-'));
  events = [];
  store = createDuckdbSearchStore({
    dir,
    memoryLimitMb: 32,
    report: (event) => events.push(event),
  });
  await store.start();
});

afterEach(async () => {
  await store.stop();
  rmSync(dir, { recursive: true });
});

function spans(records: TestRecords, nameBytes: number[]) {
  const name = (bytes: number) => randomBytes(bytes / 2).toString('hex');
  return records.message(nameBytes.map((bytes) => records.span({ name: name(bytes) })));
}

it('makes a record that no memory is enough for a dead letter, and stores its neighbours', async () => {
  const message = spans(new TestRecords(), [10, 8_192 * kibibyte, 10]);
  const [outcome] = await store.apply([message]);
  expect(outcome?.records.map(({ status }) => status)).toEqual(['stored', 'deadLetter', 'stored']);
  expect(outcome?.records[1]).toMatchObject({ code: 'too-large' });
  expect(await store.appliedMessages(allMinutes)).toMatchObject([{ stored: 2, deadLettered: 1 }]);
});

it('measures all texts of a metric, and in bytes', async () => {
  const records = new TestRecords();
  const { metric } = records.point('gauge');
  const large = randomBytes(4_096 * kibibyte).toString('hex');
  const over = [
    { name: large },
    { description: large },
    { unit: large },
    { metadata: [text(large, '')] },
  ];
  const ordinary = {};
  for (const one of [ordinary, ...over]) {
    const point = () => records.point('gauge', { metric: { ...metric, ...one } });
    const [outcome] = await store.apply([records.message([records.point(), point()])]);
    const wanted = one === ordinary ? 'stored' : 'deadLetter';
    expect(outcome?.records.map(({ status }) => status)).toEqual(['stored', wanted]);
  }
  // Within the limit in characters, beyond it in bytes.
  const [wide] = await store.apply([
    records.message([records.span({ name: '日'.repeat(15_000) })]),
  ]);
  expect(wide?.records).toMatchObject([{ status: 'deadLetter', code: 'too-large' }]);
});

it('refuses it again when it is redelivered: its dead letter may not have been written', async () => {
  const message = spans(new TestRecords(), [10, 8_192 * kibibyte]);
  const first = await store.apply([message]);
  expect(await store.apply([message])).toEqual(first);
});

it('stores a message that is too much for one transaction, whole and once', async () => {
  const message = spans(new TestRecords(), Array(400).fill(20 * kibibyte));
  const [outcome] = await store.apply([message]);
  expect(new Set(outcome?.records.map(({ status }) => status))).toEqual(new Set(['stored']));
  await store.apply([message]);
  expect(await store.rowCounts(allMinutes)).toMatchObject([{ rows: 400 }]);
  expect(await store.appliedMessages(allMinutes)).toMatchObject([{ stored: 400, duplicates: 0 }]);
});

it('takes a table full of large texts with more memory rather than never again', async () => {
  const records = new TestRecords();
  for (let applied = 0; applied < 2_000; applied += 25) {
    const message = spans(records, Array(25).fill(21 * kibibyte));
    // As the consumer does: the same batch again, as often as it takes.
    await store.apply([message]).catch(() => store.apply([message]));
  }
  expect(events).toContainEqual({ type: 'memory-raised', memoryLimitMb: 128 });
  expect(await store.rowCounts(allMinutes)).toMatchObject([{ rows: 2_000 }]);
});

it('takes many large texts of one kind with more memory, also where only a commit lacks it', async () => {
  const records = new TestRecords();
  const attributes = [text('text', 'x'.repeat(20 * kibibyte))];
  for (let applied = 0; applied < 2_500; applied += 100) {
    const spans = Array.from({ length: 100 }, () => records.span({ attributes }));
    const message = records.message(spans);
    await store.apply([message]).catch(() => store.apply([message]));
  }
  expect(events).toEqual([{ type: 'memory-raised', memoryLimitMb: 128 }]);
});
