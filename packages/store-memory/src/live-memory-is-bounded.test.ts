import { TestRecords, testNowMs } from '@spillway/store/contract';
import { expect, test } from 'vitest';
import { createMemoryLiveStore, type LiveStoreEvent } from './memory-live-store.ts';

const mebibyte = 1_048_576;
const clock = () => testNowMs + 30_000;

test('a tenant beyond those that there is memory for is told', async () => {
  const events: LiveStoreEvent[] = [];
  const bytesMax = 4 * mebibyte;
  const store = createMemoryLiveStore({ clock, bytesMax, report: (e) => events.push(e) });
  for (let n = 0; n < 400; n++) {
    const records = new TestRecords({ tenant: `tenant-${n}`, partition: n });
    await store.apply([records.message([records.span()])]);
  }
  expect(store.stats()).toMatchObject({ kept: { tenants: 256 }, limits: { tenants: 400 - 256 } });
  expect(events).toEqual([{ type: 'tenants-overflowed', tenant: 'tenant-256' }]);
});

test('the memory of a tenant that fell silent is free again', async () => {
  let nowMs = testNowMs;
  const store = createMemoryLiveStore({ clock: () => nowMs });
  const records = new TestRecords();
  const spans = Array.from({ length: 1_000 }, (_, i) => records.span({ name: `${i}` }));
  await store.apply([records.message(spans)]);
  await store.apply([records.message([records.log()])]);
  nowMs += 3_700_000;
  const later = new TestRecords({ tenant: 'other', nowMs, partition: 1 });
  await store.apply([later.message([later.span()])]);
  expect(store.stats()).toMatchObject({ kept: { tenants: 1, series: 1, waitingSpans: 0 } });
  expect(store.stats().memoryBytes).toBeLessThan(20_000);
});
