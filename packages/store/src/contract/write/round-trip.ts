import { minuteOf } from '@spillway/ledger';
import { signals } from '@spillway/otlp';
import { describe, expect, test } from 'vitest';
import type { DecodedMessage } from '../../sink.ts';
import { metricTypes } from '../test-points.ts';
import { everyAnyValue, int, text } from '../test-values.ts';
import { collect, everyMinute, freshRecords, type WriteStoreUnderTest } from './harness.ts';

export function describeWriteRoundTrip({ store }: WriteStoreUnderTest): void {
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
      const [first, second] = [freshRecords(), freshRecords()];
      const span = first.span();
      const mine = first.message([span]);
      await store().apply([mine, second.message([span]), first.message([first.log()])]);
      const minute = minuteOf(mine.envelope.receivedMs);
      const range = { tenant: first.tenant, signal: 'traces' as const };
      const at = { fromMinute: minute, toMinute: minute + 1 };
      expect((await collect(store(), { ...range, ...at })).map((each) => each.records)).toEqual([
        mine.records,
      ]);
      const later = { fromMinute: minute + 1, toMinute: minute + 2 };
      expect(await collect(store(), { ...range, ...later })).toEqual([]);
    });
  });
}
