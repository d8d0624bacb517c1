import { expect, test } from 'vitest';
import type { Tail, TailQuery } from '../../live/live-store.ts';
import { TestRecords } from '../test-records.ts';
import type { LiveStoreUnderTest } from './harness.ts';

/** What came last, as it came, at a rate that a person can read. */
export function describeLiveTail({ store, apply, later }: LiveStoreUnderTest): void {
  test('the tail shows what came last and goes on from there', async () => {
    const records = new TestRecords();
    const tail = (afterId?: string) =>
      store().tail({ tenant: 'acme', signal: 'logs', limit: 2, afterId });
    expect(await tail()).toEqual({ items: [], lastId: undefined, skipped: 0 });
    const message = records.message([records.log(), records.log(), records.log()]);
    await apply(message);
    await apply(message);
    const first = await tail();
    expect(keysOf(first)).toEqual(message.records.slice(1).map(({ key }) => key));
    expect(await tail(first.lastId)).toEqual({ items: [], lastId: first.lastId, skipped: 0 });
    const next = [records.message([records.log()]), records.message([records.log()])];
    await apply(...next, records.message([records.log()]));
    const second = await tail(first.lastId);
    expect(keysOf(second)).toEqual(next.map(({ records: [log] }) => log?.key));
    expect((await tail(second.lastId)).items).toHaveLength(1);
    later(store().windowMs);
    expect((await tail()).items).toEqual([]);
  });

  test.each(['x', '1-', '-1', '1.5', '9'.repeat(40), ''])(
    'a tail from %j on, which it never gave, is an invalid query',
    async (afterId) => {
      const records = new TestRecords();
      await apply(records.message([records.log()]));
      const query = { tenant: 'acme', signal: 'logs', limit: 10, afterId } as const;
      const wrong = { code: 'invalid-query', invalid: { parameter: 'afterId' } };
      await expect(store().tail(query)).rejects.toMatchObject(wrong);
    },
  );

  test('what comes too fast for the tail is counted, not shown, and counted once', async () => {
    const records = new TestRecords();
    const logs = (count: number) =>
      records.message(Array.from({ length: count }, () => records.log()));
    const query = { tenant: 'acme', signal: 'logs', limit: 1_000 } as const;
    await apply(logs(1));
    const { lastId: afterId } = await store().tail(query);
    await apply(logs(300), logs(400));
    later(1_000);
    await apply(logs(1));
    const flood = await store().tail({ ...query, afterId });
    expect(flood.items.length).toBeLessThan(500);
    expect(flood.items.length + flood.skipped).toBe(701);
    const halves = await store().tail({ ...query, afterId, limit: 100 });
    const rest = await store().tail({ ...query, afterId: halves.lastId });
    expect(halves.skipped + rest.skipped).toBe(flood.skipped);
    expect(halves.items.length + rest.items.length).toBe(flood.items.length);
    expect(await store().tail({ ...query, afterId: flood.lastId })).toMatchObject({
      items: [],
      skipped: 0,
    });
  });

  test('the tail is filtered, and one of each tenant and signal', async () => {
    const records = new TestRecords();
    const [quiet, loud, other] = [
      records.log({ body: { stringValue: 'nothing to SEE here' } }),
      records.log({ severityNumber: 17, severityText: 'ERROR' }),
      records.log({ resource: records.resource('cart') }),
    ];
    await apply(records.message([quiet, loud, other]));
    await apply(records.message([records.span({ statusCode: 2 })]));
    const texts = async (over: Partial<TailQuery>) => {
      const query = { tenant: 'acme', signal: 'logs', limit: 10, ...over } as const;
      return (await store().tail(query)).items.map(({ text }) => text);
    };
    expect(await texts({ query: 'see Nothing' })).toEqual(['nothing to SEE here']);
    expect(await texts({ severityMin: 17 })).toEqual([loud.body?.stringValue]);
    expect(await texts({ service: 'cart' })).toEqual([other.body?.stringValue]);
    expect(await texts({ tenant: 'umbrella' })).toEqual([]);
    const { items } = await store().tail({ tenant: 'acme', signal: 'traces', limit: 10 });
    expect(items).toMatchObject([
      { signal: 'traces', text: 'GET /api/carts/{id}', kind: 2, statusCode: 2, isCut: false },
    ]);
    expect(items[0]).toMatchObject({ durationMs: 12.345678, service: 'checkout' });
  });

  test('a long body is cut in the tail, and marked', async () => {
    const records = new TestRecords();
    const values = Array.from({ length: 9_000 }, () => ({ stringValue: '\u0000日本' }));
    const bodies = [{ stringValue: 'x'.repeat(100_000) }, { arrayValue: { values } }];
    await apply(records.message(bodies.map((body) => records.log({ body }))));
    const { items } = await store().tail({ tenant: 'acme', signal: 'logs', limit: 10 });
    expect(items.map(({ isCut }) => isCut)).toEqual([true, true]);
    for (const item of items) {
      expect(item.text.length).toBeGreaterThan(500);
      expect(Buffer.byteLength(JSON.stringify(item))).toBeLessThan(10_000);
    }
  });
}

function keysOf({ items }: Tail): string[] {
  return items.map(({ key }) => key);
}
