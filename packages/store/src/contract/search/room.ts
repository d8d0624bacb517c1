import { describe, expect, test } from 'vitest';
import { AnswerRoom, type Held } from '../../answer-room.ts';
import type { Page } from '../../search/search-reader.ts';
import { TestRecords } from '../test-records.ts';
import { text } from '../test-values.ts';
import { type SearchStoreUnderTest, testRange } from './harness.ts';

const kibibyte = 1_024;
const plenty = 64 * kibibyte * kibibyte;

/** Makes a room, of which `turns` counts how often it grew. */
function roomOf(large: Held): { room: AnswerRoom; turns: () => number } {
  let turns = 0;
  const small = { objects: large.objects / 8, text: large.text / 8 };
  const turn = async () => void turns++;
  return { room: new AnswerRoom({ small, large, turn }), turns: () => turns };
}

const ofText = (bytes: number) => ({ objects: plenty, text: bytes });

/** No answer holds more than its room, whatever was stored. */
export function describeSearchRoom({ reader, apply }: SearchStoreUnderTest): void {
  /** Each page with a room of its own, as each question has. */
  async function everyPage<T>(
    read: (cursor: string | undefined, room: AnswerRoom) => Promise<Page<T>>,
    large: Held,
  ): Promise<T[][]> {
    const pages: T[][] = [];
    let cursor: string | undefined;
    do {
      const page = await read(cursor, roomOf(large).room);
      expect(JSON.stringify(page.items).length).toBeLessThanOrEqual(large.text);
      pages.push(page.items);
      cursor = page.cursor;
    } while (cursor !== undefined);
    return pages;
  }

  describe('the room of an answer', () => {
    test('ends a page of logs before it is full, and the next one goes on there', async () => {
      const records = new TestRecords();
      const body = { stringValue: 'x'.repeat(10 * kibibyte) };
      const logs = Array.from({ length: 12 }, (_, i) => records.log({ body, eventName: `${i}` }));
      await apply(records.message(logs));
      const pages = await everyPage(
        (cursor, room) => reader().findLogs({ ...testRange, order: 'asc', cursor, room }),
        ofText(50 * kibibyte),
      );
      expect(pages.map((page) => page.length)).toEqual([4, 4, 4]);
      const names = pages.flat().map(({ eventName }) => eventName);
      expect(names).toEqual(logs.map(({ eventName }) => eventName));
    });

    test('ends a page of points before it is full, too', async () => {
      const records = new TestRecords();
      const attributes = [text('x', 'x'.repeat(10 * kibibyte))];
      const points = Array.from({ length: 9 }, () => records.point('gauge', { attributes }));
      await apply(records.message(points));
      const pages = await everyPage(
        (cursor, room) => reader().points({ ...testRange, name: 'shop.gauge', cursor, room }),
        ofText(50 * kibibyte),
      );
      expect(pages.map((page) => page.length)).toEqual([4, 4, 1]);
      expect(new Set(pages.flat().map(({ key }) => key)).size).toBe(9);
    });

    test('ends a trace, with the resource that each of its spans repeats', async () => {
      const records = new TestRecords();
      const resource = records.resource('big', [text('x', 'x'.repeat(10 * kibibyte))]);
      const traceId = records.traceId(7_001);
      await apply(
        records.message(Array.from({ length: 30 }, () => records.span({ traceId, resource }))),
      );
      const { room, turns } = roomOf(ofText(100 * kibibyte));
      const trace = await reader().trace('acme', traceId, { room });
      expect(trace?.truncated).toBe(true);
      expect(trace?.spans.length).toBeGreaterThan(4);
      expect(trace?.spans.length).toBeLessThan(10);
      expect(turns()).toBe(1);
    });

    test('counts the objects of values that are short as text', async () => {
      const records = new TestRecords();
      const values = Array.from({ length: 2_000 }, () => ({}));
      const attributes = [{ key: 'v', value: { arrayValue: { values } } }];
      const traceId = records.traceId(7_002);
      await apply(
        records.message(Array.from({ length: 20 }, () => records.span({ traceId, attributes }))),
      );
      // As text all of them are 120 KiB.
      const { room } = roomOf({ objects: 1_000 * kibibyte, text: plenty });
      const trace = await reader().trace('acme', traceId, { room });
      expect(trace?.truncated).toBe(true);
      expect(trace?.spans.length).toBeLessThan(10);
    });

    test('is not grown by an answer that is small', async () => {
      const records = new TestRecords();
      await apply(records.message(records.trace(['web', 'cart', 'db'])));
      const { room, turns } = roomOf({ objects: 8_192 * kibibyte, text: 8_192 * kibibyte });
      await reader().findTraces({ ...testRange, room });
      await reader().services({ ...testRange, room });
      await reader().logHistogram({ ...testRange, bars: 60, room });
      expect(turns()).toBe(0);
    });

    test('refuses what cannot be ended before it is full', async () => {
      const records = new TestRecords();
      const long = (i: number) => `${i}`.padEnd(400, 'x');
      const spans = Array.from({ length: 50 }, (_, i) =>
        records.span({ name: long(i), resource: records.resource(long(i)) }),
      );
      const points = Array.from({ length: 50 }, (_, i) => {
        const { metric } = records.point('gauge');
        return records.point('gauge', { metric: { ...metric, name: long(i) } });
      });
      await apply(records.message(spans), records.message(points));
      const tight = () => ({ ...testRange, room: roomOf(ofText(4 * kibibyte)).room });
      await expect(reader().services(tight())).rejects.toMatchObject({ code: 'too-much-asked' });
      await expect(reader().metrics(tight())).rejects.toMatchObject({ code: 'too-much-asked' });
      const chart = { name: long(1), groupBy: [], agg: 'avg', stepMs: 100, seriesMax: 5 } as const;
      await expect(reader().queryMetric({ ...tight(), ...chart })).rejects.toMatchObject({
        code: 'too-much-asked',
      });
      const first = records.span({ traceId: records.traceId(7_003), name: 'x'.repeat(9_000) });
      await apply(records.message([first]));
      await expect(reader().trace('acme', first.traceId, tight())).rejects.toMatchObject({
        code: 'too-much-asked',
      });
    });
  });
}
