import { setTimeout as sleep } from 'node:timers/promises';
import { minuteOf } from '@spillway/ledger';
import type { DecodedMessage } from '@spillway/store';
import { TestRecords } from '@spillway/store/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ElasticsearchStore } from '../src/index.ts';
import { allMinutes, type TestIndices, type TestServer, testRange } from './harness.ts';

export function describeRebuildBesideWriters(server: TestServer): void {
  describe('a rebuild', () => {
    let indices: TestIndices;
    let store: ElasticsearchStore;
    beforeEach(async () => {
      indices = server.fresh();
      store = await indices.open();
    });
    afterEach(() => indices.remove());

    const applied = async (from: ElasticsearchStore) =>
      (await from.appliedMessages(allMinutes))
        .map(({ id, stored, duplicates }) => [id.partition, id.sequence, stored, duplicates])
        .sort();
    const generations = async () => [
      ...new Set((await indices.names()).flatMap((name) => /-(g\d+)-/.exec(name)?.[1] ?? [])),
    ];

    it('beside two writers loses nothing and counts nothing twice', async () => {
      const writers = [new LoadingWriter(store, 0), new LoadingWriter(await indices.open(), 1)];
      const running = writers.map((writer) => writer.run());
      await Promise.all(writers.map((writer) => writer.reach(10)));
      const other = await indices.open();
      const rebuild = await other.capabilities.beginRebuild();
      // Everything applied by now; some of it comes both ways.
      for (const message of writers.flatMap(({ done }) => [...done])) {
        await rebuild.apply([asReadBack(message)]);
      }
      await rebuild.finish();
      const finished = writers.map(({ done }) => done.length);
      await Promise.all(writers.map((writer, i) => writer.reach((finished[i] ?? 0) + 5)));
      for (const writer of writers) writer.stop();
      await Promise.all(running);
      await indices.refresh();
      const done = writers.flatMap((writer) => writer.done);
      const expected = done.map(({ envelope: { id } }) => [id.partition, id.sequence, 2, 0]).sort();
      for (const each of [store, other]) {
        expect(await applied(each)).toEqual(expected);
        expect(await each.rowCounts(allMinutes)).toMatchObject([{ rows: 2 * done.length }]);
        expect((await each.findLogs({ ...testRange, limit: 1_000 })).items).toHaveLength(
          Math.min(1_000, 2 * done.length),
        );
      }
      expect(await generations()).toEqual(['g2']);
    });

    it('brings the counts that the write store had, also of what is gone', async () => {
      const records = new TestRecords();
      const first = records.message([records.log(), records.log()]);
      const again = records.message(first.records);
      await store.apply([first, again]);
      const before = await applied(store);
      const rebuild = await store.capabilities.beginRebuild();
      const [log] = first.records;
      const earlier = { records: 2, stored: 2, duplicates: 0, deadLettered: 0 };
      // One of its records is retired.
      await rebuild.apply([{ ...first, records: log ? [log] : [], earlier }]);
      await rebuild.apply([
        { ...again, records: [], earlier: { ...earlier, stored: 0, duplicates: 2 } },
      ]);
      const minute = minuteOf(first.envelope.receivedMs);
      const count = { tenant: 'acme', signal: 'logs' as const, minute, rows: 0, retired: 1 };
      await rebuild.addRetired?.([count]);
      await rebuild.addRetired?.([count]);
      await rebuild.finish();
      expect(await applied(store)).toEqual(before);
      expect(await store.rowCounts(allMinutes)).toMatchObject([{ rows: 1, retired: 1 }]);
    });

    it('adds up when a message comes both ways at the same time', async () => {
      const records = new TestRecords();
      const firsts = Array.from({ length: 31 }, () => records.message([records.log()]));
      const retries = firsts.map(({ records: same }) => records.message(same));
      for (const some of [firsts, retries]) await store.apply(some);
      const rebuild = await store.capabilities.beginRebuild();
      // The write store has no record of a retry; the new store does not know yet that it is one.
      const earlier = { records: 1, stored: 0, duplicates: 1, deadLettered: 0 };
      const bring = (message: DecodedMessage) =>
        rebuild.apply([{ ...message, records: [], earlier }]);
      const [known, ...racing] = retries;
      if (known) await bring(known);
      const live = store.apply(racing);
      // Some of them come before the other way has looked, some while it writes, some after it.
      await Promise.all(racing.map((message, i) => sleep(5 * i).then(() => bring(message))));
      await live;
      await rebuild.apply(firsts.map(asReadBack));
      await rebuild.finish();
      const accounts = await store.appliedMessages(allMinutes);
      const sum = (of: 'stored' | 'duplicates') =>
        accounts.reduce((total, each) => total + each[of], 0);
      expect([sum('stored'), sum('duplicates')]).toEqual([31, 31]);
      expect(await store.rowCounts(allMinutes)).toMatchObject([{ rows: 31 }]);
    });

    it('that is abandoned leaves the store as it was', async () => {
      const records = new TestRecords();
      await store.apply([records.message([records.log()])]);
      const rebuild = await store.capabilities.beginRebuild();
      await rebuild.apply([asReadBack(records.message([records.log()]))]);
      await rebuild.abandon();
      expect(await generations()).toEqual(['g1']);
      expect(await store.rowCounts(allMinutes)).toMatchObject([{ rows: 1 }]);
      await expect(rebuild.finish()).rejects.toMatchObject({ code: 'rebuild-lost' });
    });

    it('is one at a time, and one whose process died is taken over', async () => {
      const dying = await indices.open();
      const first = await dying.capabilities.beginRebuild();
      const records = new TestRecords();
      await first.apply([asReadBack(records.message([records.log()]))]);
      await expect(store.capabilities.beginRebuild()).rejects.toMatchObject({
        code: 'rebuild-under-way',
      });
      await dying.stop();
      const second = await store.capabilities.beginRebuild();
      expect(await generations()).toEqual([]);
      await second.apply([asReadBack(records.message([records.log()]))]);
      await second.finish();
      expect(await store.rowCounts(allMinutes)).toMatchObject([{ rows: 1 }]);
      expect(await generations()).toEqual(['g3']);
    });
  });
}

function asReadBack(message: DecodedMessage): DecodedMessage {
  const { length } = message.records;
  const earlier = { records: length, stored: length, duplicates: 0, deadLettered: 0 };
  return { ...message, earlier };
}

/** Applies messages of two logs each until it is stopped. */
class LoadingWriter {
  readonly done: DecodedMessage[] = [];
  readonly #store: ElasticsearchStore;
  readonly #records: TestRecords;
  readonly #partition: number;
  #isStopped = false;
  #waiting: { count: number; resolve: () => void } | undefined;

  constructor(store: ElasticsearchStore, partition: number) {
    this.#store = store;
    this.#partition = partition;
    this.#records = new TestRecords({ partition });
  }

  stop(): void {
    this.#isStopped = true;
  }

  reach(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting = { count, resolve };
    });
  }

  async run(): Promise<void> {
    const log = () => this.#records.log({ eventName: `partition ${this.#partition}` });
    while (!this.#isStopped) {
      const message = this.#records.message([log(), log()]);
      const [outcome] = await this.#store.apply([message]);
      expect(outcome?.records).toEqual([{ status: 'stored' }, { status: 'stored' }]);
      this.done.push(message);
      if (this.#waiting && this.done.length >= this.#waiting.count) this.#waiting.resolve();
    }
  }
}
