import { expect, test } from 'vitest';
import { TestRecords } from '../test-records.ts';
import { type LiveStoreUnderTest, pair, range } from './harness.ts';

/** Who calls whom, from the two sides of each call. */
export function describeLiveMap({ store, apply }: LiveStoreUnderTest): void {
  const calls = async () =>
    (await store().map(range)).map(({ from, to, calls, errors }) => [from, to, calls, errors]);

  test.each(['client first', 'server first'])('a call joins its two sides, %s', async (order) => {
    const records = new TestRecords();
    const { client, server } = pair(records, 'web', 'cart');
    const sides = [client, { ...server, statusCode: 2 }];
    for (const side of order === 'client first' ? sides : sides.reverse()) {
      await apply(records.message([side]));
    }
    expect(await calls()).toEqual([['web', 'cart', 1, 1]]);
    expect((await store().map(range))[0]?.p95Ms).toBeGreaterThan(0);
  });

  test('a producer joins all its consumers, and no call stays inside one service', async () => {
    const records = new TestRecords();
    const { client, server } = pair(records, 'web', 'mail');
    const inside = pair(records, 'web', 'web');
    await apply(
      records.message([
        { ...server, kind: 5 },
        { ...client, kind: 4 },
        { ...server, kind: 5, spanId: 'b'.repeat(16), resource: records.resource('audit') },
        inside.client,
        inside.server,
      ]),
    );
    expect((await calls()).sort()).toEqual([
      ['web', 'audit', 1, 0],
      ['web', 'mail', 1, 0],
    ]);
  });
}
