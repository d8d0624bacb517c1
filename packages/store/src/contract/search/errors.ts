import type { Abortable } from '@spillway/ledger';
import { describe, expect, test } from 'vitest';
import { StoreError } from '../../errors.ts';
import type { SearchReader } from '../../search/search-reader.ts';
import { TestRecords } from '../test-records.ts';
import { type SearchStoreUnderTest, testRange } from './harness.ts';

const metric = { name: 'm', groupBy: [], seriesMax: 10, agg: 'avg', stepMs: 1_000 } as const;

/** One of each kind, by the name of the method. */
export function everyQuery(reader: SearchReader, query: typeof testRange & Abortable) {
  return {
    findTraces: () => reader.findTraces(query),
    trace: () => reader.trace('acme', 'a'.repeat(32), query),
    findLogs: () => reader.findLogs({ ...query, query: 'word' }),
    logHistogram: () => reader.logHistogram({ ...query, bars: 60 }),
    metrics: () => reader.metrics(query),
    queryMetric: () => reader.queryMetric({ ...query, ...metric }),
    points: () => reader.points({ ...query, name: 'm' }),
    services: () => reader.services(query),
    operations: () => reader.operations({ ...query, service: 'web' }),
  };
}

/** Whatever a store does not answer has a code of the table, so that the query API knows what to say. */
export function describeSearchErrors({ writer, reader, apply }: SearchStoreUnderTest): void {
  describe('errors', () => {
    test('a cursor that no answer gave is an invalid query, and named', async () => {
      const wrong = { code: 'invalid-query', invalid: { parameter: 'cursor' } };
      for (const cursor of ['nowhere', 'W10', 'a'.repeat(4_000), '{"length":2}']) {
        const query = { ...testRange, cursor };
        await expect(reader().findTraces(query)).rejects.toMatchObject(wrong);
        await expect(reader().findLogs(query)).rejects.toMatchObject(wrong);
        await expect(reader().points({ ...query, name: 'm' })).rejects.toMatchObject(wrong);
      }
    });

    test('a store that was stopped is unavailable, to whoever asks and to whoever applies', async () => {
      const records = new TestRecords();
      await apply(records.message([records.log()]));
      await writer().stop();
      for (const [name, ask] of Object.entries(everyQuery(reader(), testRange))) {
        const error: unknown = await ask().catch((thrown: unknown) => thrown);
        expect(error, name).toBeInstanceOf(StoreError);
        expect(error, name).toMatchObject({ code: 'unavailable', blamesStore: true });
      }
      const applied = writer().apply([records.message([records.log()])]);
      await expect(applied).rejects.toMatchObject({ code: 'unavailable', blamesStore: true });
    });

    test('many queries of one tenant at once are answered, or refused as overload', async () => {
      const records = new TestRecords();
      await apply(records.message(Array.from({ length: 20 }, () => records.log())));
      const asked = Array.from({ length: 300 }, () => reader().findLogs(testRange));
      const answers = await Promise.allSettled(asked);
      const refused = answers.filter((answer) => answer.status === 'rejected');
      expect(answers.length - refused.length).toBeGreaterThan(0);
      for (const { reason } of refused) expect(reason).toMatchObject({ code: 'overloaded' });
    });
  });
}
