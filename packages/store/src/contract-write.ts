/**
 * What every write store must do, as a suite that every adapter runs whole. The tests share one
 * store (some take seconds to start); each has tenants, gateways and partitions of its own.
 */
import { signals } from '@spillway/otlp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeWriteLedger } from './contract-write-ledger.ts';
import { describeWriteRetention } from './contract-write-retention.ts';
import type { DecodedMessage, MessageOutcome } from './sink.ts';
import { metricTypes } from './test-points.ts';
import { everyAnyValue, int, TestRecords, text } from './test-records.ts';
import type { StoredMessage, WriteStore } from './write-store.ts';

export interface WriteStoreHarness {
  /** Started and empty. */
  store: WriteStore;
  /** Stops the store and starts another one on the same data. */
  reopen: () => Promise<WriteStore>;
  /** Stops the store and removes its data. */
  close: () => Promise<void>;
}

export interface WriteStoreContractOptions {
  name: string;
  create: () => Promise<WriteStoreHarness>;
}

/** What the parts of the suite work with. */
export interface WriteStoreUnderTest {
  store(): WriteStore;
  reopen(): Promise<void>;
}

export const everyMinute = { fromMinute: 0, toMinute: 2_000_000_000 };

let made = 0;

/** Records of a tenant, gateway and partition that no other test has. */
export function freshRecords(options: { nowMs?: number } = {}): TestRecords & { tenant: string } {
  made += 1;
  const tenant = `tenant-${made}`;
  const records = new TestRecords({ tenant, gateway: `gw-${made}`, partition: made, ...options });
  return Object.assign(records, { tenant });
}

export async function collect(
  store: WriteStore,
  range: Parameters<WriteStore['readBack']>[0],
): Promise<StoredMessage[]> {
  const found: StoredMessage[] = [];
  for await (const message of store.readBack(range)) found.push(message);
  return found;
}

export function statuses(outcome: MessageOutcome | undefined): string[] {
  return outcome?.records.map(({ status }) => status) ?? [];
}

export function writeStoreContract({ name, create }: WriteStoreContractOptions): void {
  describe(`${name} as a write store`, () => {
    let harness: WriteStoreHarness;
    beforeAll(async () => {
      harness = await create();
    });
    afterAll(() => harness.close());
    const underTest: WriteStoreUnderTest = {
      store: () => harness.store,
      reopen: async () => {
        harness.store = await harness.reopen();
      },
    };
    describeRoundTrip(underTest);
    describeOnce(underTest);
    describePoison(underTest);
    describeWriteLedger(underTest);
    describeWriteRetention(underTest);
  });
}

function describeRoundTrip({ store }: WriteStoreUnderTest): void {
  describe('records come back as they were applied', () => {
    async function expectBack(...messages: DecodedMessage[]): Promise<void> {
      await store().apply(messages);
      const tenant = messages[0]?.envelope.tenant;
      for (const signal of signals) {
        const of = messages.filter((message) => message.signal === signal);
        const back = await collect(store(), { ...everyMinute, tenant, signal });
        expect(back.map(({ records }) => records)).toStrictEqual(of.map(({ records }) => records));
        expect(back.map(({ receivedMs }) => receivedMs)).toEqual(
          of.map(({ envelope }) => envelope.receivedMs),
        );
        expect(back.map(({ applied }) => applied.id)).toEqual(
          of.map(({ envelope }) => envelope.id),
        );
      }
    }

    test('spans, logs and points of every metric type', async () => {
      const records = freshRecords();
      await expectBack(
        records.message([records.span(), ...records.trace(['web', 'cart', 'stock'])]),
        records.message([records.log(), records.log({ body: undefined, traceId: '', spanId: '' })]),
        records.message(metricTypes.map((type) => records.point(type))),
      );
    });

    test('attributes and bodies of every kind, with the values that stores get wrong', async () => {
      const records = freshRecords();
      const attributes = everyAnyValue().map((value, i) => ({ key: `key-${i % 5}`, value }));
      await expectBack(
        records.message([records.span({ attributes })]),
        records.message(everyAnyValue().map((body) => records.log({ body }))),
        records.message([records.point('gauge', { attributes })]),
      );
    });

    test('strings with U+0000, private use and every plane', async () => {
      const records = freshRecords();
      const name = '\0\ue000\0E\ue0000 \u{10ffff} \\ " \' {,} \n\r\t NULL';
      const resource = { ...records.resource(name, [text(name, name)]), schemaUrl: name };
      const scope = { ...records.scope(name), attributes: [text(name, name)] };
      await expectBack(
        records.message([records.span({ name, statusMessage: name, traceState: name, resource })]),
        records.message([records.log({ severityText: name, eventName: name, scope })]),
      );
    });

    test('numbers at their limits', async () => {
      const records = freshRecords();
      const max = 2n ** 64n - 1n;
      const times = { startTimeUnixNano: max, timeUnixNano: 2n ** 63n };
      const gauge = (value: number) => records.point('gauge', { value: { double: value } });
      await expectBack(
        records.message([
          records.span({ startTimeUnixNano: 0n, endTimeUnixNano: max, flags: 2 ** 32 - 1 }),
          records.span({ droppedAttributesCount: 2 ** 32 - 1, kind: -1, statusCode: 99 }),
        ]),
        records.message([
          ...[Number.NaN, Infinity, -Infinity, -0, 5e-324, Number.MAX_VALUE].map(gauge),
          records.point('sum', { value: { int: -(2n ** 63n) }, ...times }),
          records.point('sum', { value: undefined }),
          records.point('histogram', { count: max, bucketCounts: [max, 0n], sum: -0 }),
          records.point('histogram', { bucketCounts: [], explicitBounds: [] }),
          records.point('exponential_histogram', { zeroCount: max, positive: undefined }),
          records.point('summary', { quantiles: [] }),
        ]),
      );
    });

    test('one series with several descriptions and orders of attributes', async () => {
      const records = freshRecords();
      const attributes = [text('a', '1'), int('b', 2)];
      const point = records.point('sum', { attributes });
      const { metric, seriesKey } = point;
      await expectBack(
        records.message([
          point,
          records.point('sum', { seriesKey, attributes: attributes.toReversed() }),
          records.point('sum', { seriesKey, metric: { ...metric, description: 'Another' } }),
        ]),
      );
    });

    test('more messages and records than a page holds, in order of minute', async () => {
      const records = freshRecords();
      const start = freshRecords().timeUnixNano(0) / 1_000_000n;
      const messages = Array.from({ length: 230 }, (_, i) =>
        records.message(
          Array.from({ length: i === 7 ? 6_000 : 2 }, () => records.log()),
          { receivedMs: Number(start) + ((i * 7) % 5) * 60_000 },
        ),
      );
      await store().apply(messages);
      const range = { ...everyMinute, tenant: records.tenant, signal: 'logs' as const };
      const back = await collect(store(), range);
      const minutes = back.map(({ applied }) => applied.minute);
      expect(minutes).toEqual(minutes.toSorted((a, b) => a - b));
      const byName = (name: number, of: DecodedMessage['records']) => [name, of] as const;
      const sent = messages.map(({ envelope, records: of }) => byName(envelope.id.sequence, of));
      const got = back.map(({ applied, records: of }) => byName(applied.id.sequence, of));
      expect(got.toSorted(([a], [b]) => a - b)).toStrictEqual(sent);
    });

    test('only those of the tenant, signal and minutes that were asked for', async () => {
      const [ours, theirs] = [freshRecords(), freshRecords()];
      const span = ours.span();
      const mine = ours.message([span]);
      await store().apply([mine, theirs.message([span]), ours.message([ours.log()])]);
      const minute = Math.floor(mine.envelope.receivedMs / 60_000);
      const range = { tenant: ours.tenant, signal: 'traces' as const };
      const at = { fromMinute: minute, toMinute: minute + 1 };
      expect((await collect(store(), { ...range, ...at })).map((each) => each.records)).toEqual([
        mine.records,
      ]);
      const later = { fromMinute: minute + 1, toMinute: minute + 2 };
      expect(await collect(store(), { ...range, ...later })).toEqual([]);
    });
  });
}

function describeOnce({ store, reopen }: WriteStoreUnderTest): void {
  describe('once in the store', () => {
    const rowsOf = async (tenant: string) =>
      (await store().rowCounts({ ...everyMinute, tenant })).reduce(
        (sum, { rows }) => sum + rows,
        0,
      );

    test('a batch applied three times is stored once, also after a restart', async () => {
      const records = freshRecords();
      const batch = [
        records.message([records.span(), records.span()]),
        records.message([records.log()]),
        records.message([records.point('sum')]),
      ];
      const first = await store().apply(batch);
      const applied = await store().appliedMessages({ ...everyMinute, tenant: records.tenant });
      expect(await store().apply(batch)).toEqual(first);
      await reopen();
      expect(await store().apply(batch)).toEqual(first);
      expect(first.flatMap(statuses)).toEqual(Array(4).fill('stored'));
      expect(await rowsOf(records.tenant)).toBe(4);
      expect(await store().appliedMessages({ ...everyMinute, tenant: records.tenant })).toEqual(
        applied,
      );
    });

    test('a message that comes twice in one batch', async () => {
      const records = freshRecords();
      const message = records.message([records.span()]);
      const outcomes = await store().apply([message, message]);
      expect(outcomes.flatMap(statuses)).toEqual(['stored', 'stored']);
      expect(await rowsOf(records.tenant)).toBe(1);
    });

    test('a record that another message brought is a duplicate, in a batch and after', async () => {
      const records = freshRecords();
      const [old, both] = [records.span(), records.span()];
      await store().apply([records.message([old])]);
      const batch = [records.message([old, both]), records.message([both, records.span()])];
      const outcomes = await store().apply(batch);
      expect(outcomes.map(statuses)).toEqual([
        ['duplicate', 'stored'],
        ['duplicate', 'stored'],
      ]);
      const applied = await store().appliedMessages({ ...everyMinute, tenant: records.tenant });
      expect(applied.map(({ stored, duplicates }) => [stored, duplicates])).toEqual([
        [1, 0],
        [1, 1],
        [1, 1],
      ]);
      expect(await rowsOf(records.tenant)).toBe(3);
      const range = { ...everyMinute, tenant: records.tenant, signal: 'traces' as const };
      const back = await collect(store(), range);
      expect(back.map((each) => each.records.length)).toEqual([1, 1, 1]);
    });

    test('the same bytes of two tenants are two records', async () => {
      const [ours, theirs] = [freshRecords(), freshRecords()];
      const log = ours.log();
      const outcomes = await store().apply([ours.message([log]), theirs.message([log])]);
      expect(outcomes.flatMap(statuses)).toEqual(['stored', 'stored']);
      expect([await rowsOf(ours.tenant), await rowsOf(theirs.tenant)]).toEqual([1, 1]);
    });

    test('where to read on is kept with the rows, where the store keeps it', async () => {
      const records = freshRecords();
      const message = records.message([records.span()], { position: 41 });
      await store().apply([message]);
      await store().apply([records.message([records.span()], { position: 7 })]);
      await reopen();
      const { topic, partition } = message.envelope.id;
      const next = await store().nextPositions?.([{ topic, partition }]);
      expect(next ?? [{ topic, partition, position: 42 }]).toEqual([
        { topic, partition, position: 42 },
      ]);
    });
  });
}

function describePoison({ store, reopen }: WriteStoreUnderTest): void {
  describe('a record that the store refuses', () => {
    test('is a dead letter, again at every redelivery, and its neighbours are stored', async () => {
      const records = freshRecords();
      // No store has to take a kind that is no int32; no decoder makes one.
      const poison = () => records.span({ kind: 2 ** 40 });
      const batch = [
        records.message([records.span(), poison(), records.span()]),
        records.message([records.span(), records.span()]),
        records.message([poison()]),
      ];
      const outcomes = await store().apply(batch);
      expect(outcomes.map(statuses)).toEqual([
        ['stored', 'deadLetter', 'stored'],
        ['stored', 'stored'],
        ['deadLetter'],
      ]);
      const letter = outcomes[0]?.records[1];
      expect(letter).toMatchObject({ code: 'rejected-by-store', reason: expect.any(String) });
      const applied = await store().appliedMessages({ ...everyMinute, tenant: records.tenant });
      expect(applied.map(({ stored, deadLettered }) => [stored, deadLettered])).toEqual([
        [2, 1],
        [2, 0],
        [0, 1],
      ]);
      await reopen();
      expect(await store().apply(batch)).toEqual(outcomes);
    });

    test('is no duplicate when it comes twice', async () => {
      const records = freshRecords();
      const poison = records.span({ kind: 2 ** 40 });
      const batch = [records.message([poison]), records.message([poison])];
      const outcomes = await store().apply(batch);
      expect(outcomes.flatMap(statuses)).toEqual(['deadLetter', 'deadLetter']);
    });
  });
}
