import { setTimeout as sleep } from 'node:timers/promises';
import type { DecodedMessage } from '@spillway/store';
import { TestRecords } from '@spillway/store/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ElasticsearchStore } from '../src/index.ts';
import { allMinutes, type TestIndices, type TestServer } from './harness.ts';

export function describeNoLossOnServerFailure(server: TestServer): void {
  describe('a server that fails', () => {
    let indices: TestIndices;
    beforeEach(() => {
      indices = server.fresh();
    });
    afterEach(() => indices.remove());

    it('killed while it takes documents loses nothing that was answered', async () => {
      const events: string[] = [];
      const report = ({ type }: { type: string }) => events.push(type);
      const store = await indices.open({ report, bulkBytesMax: 64 * 1_024 });
      const messages = batch(400);
      let isKilled = false;
      const killing = sleep(300).then(async () => {
        await server.native.server.kill();
        isKilled = true;
        await sleep(500);
        await server.native.server.start();
      });
      const failures = await applyAsConsumerDoes(store, messages, () => isKilled);
      await killing;
      expect(failures).toBeGreaterThan(0);
      expect(events.slice(0, 2)).toEqual(['search-unreachable', 'search-reachable']);
      expect(store.health().ok).toBe(true);
      await expectAllOnce(store, messages);
    });

    it('that hangs makes apply throw in time, and takes everything once when it goes on', async () => {
      const store = await indices.open({ requestTimeoutMs: 1_000 });
      const messages = batch(20);
      await store.apply(messages.slice(0, 5));
      server.native.server.pause();
      try {
        await expect(store.apply(messages)).rejects.toMatchObject({ code: 'unavailable' });
        expect(store.health().ok).toBe(false);
      } finally {
        server.native.server.resume();
      }
      await applyAsConsumerDoes(store, messages, () => true);
      await expectAllOnce(store, messages);
    });

    it('that is not there at the start is a clear error after a bounded wait', async () => {
      const nowhere = { nodes: ['http://127.0.0.1:1'], startTimeoutMs: 700 };
      await expect(indices.open(nowhere)).rejects.toThrow(/127\.0\.0\.1:1: Elasticsearch: /);
    });
  });
}

function batch(messages: number): DecodedMessage[] {
  const records = new TestRecords();
  return Array.from({ length: messages }, () => records.message([records.span(), records.span()]));
}

/** Ten messages at a time, each batch until it is taken; the whole again until `isDone`. */
async function applyAsConsumerDoes(
  store: ElasticsearchStore,
  messages: readonly DecodedMessage[],
  isDone: () => boolean,
): Promise<number> {
  let failures = 0;
  do {
    for (let from = 0; from < messages.length; from += 10) {
      const some = messages.slice(from, from + 10);
      while (true) {
        try {
          const outcomes = await store.apply(some);
          if (outcomes.every(({ records }) => records.every((r) => r.status === 'stored'))) break;
        } catch (error) {
          expect(error).toMatchObject({ code: 'unavailable' });
        }
        failures++;
        await sleep(200);
      }
    }
  } while (!isDone());
  return failures;
}

async function expectAllOnce(
  store: ElasticsearchStore,
  messages: readonly DecodedMessage[],
): Promise<void> {
  const applied = await store.appliedMessages(allMinutes);
  expect(applied).toHaveLength(messages.length);
  expect(applied.every(({ stored, duplicates }) => stored === 2 && duplicates === 0)).toBe(true);
  expect(await store.rowCounts(allMinutes)).toMatchObject([{ rows: 2 * messages.length }]);
}
