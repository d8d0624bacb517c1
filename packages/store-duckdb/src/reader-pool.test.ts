import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { isStoreError } from '@spillway/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Parameters } from './read/parameters.ts';
import { ReaderPool } from './reader-pool.ts';

let instance: DuckDBInstance;
beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:', { threads: '1' });
});
afterAll(() => instance.closeSync());

async function poolOf(count: number): Promise<ReaderPool> {
  const connections = Array.from({ length: count }, () => instance.connect());
  return new ReaderPool(await Promise.all(connections));
}

/** Would take hours. */
const endless = (connection: DuckDBConnection) =>
  new Parameters().rows(
    connection,
    'SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b',
  );
const short = (connection: DuckDBConnection) =>
  new Parameters().rows(connection, 'SELECT 1 AS one');

describe('the reader pool', () => {
  it('interrupts what runs at the signal, and the connection can be used again', async () => {
    const pool = await poolOf(1);
    const ending = new AbortController();
    const asked = pool.use(endless, { ending: ending.signal });
    setTimeout(() => ending.abort(new Error('too late')), 20);
    await expect(asked).rejects.toThrow('too late');
    expect(await pool.use(short)).toEqual([{ one: 1 }]);
    await pool.drain();
  });

  it('ends a reading of many statements between two of them, too', async () => {
    const pool = await poolOf(1);
    const ending = new AbortController();
    let statements = 0;
    const asked = pool.use(
      async (connection) => {
        for (; ; statements++) {
          if (statements === 3) ending.abort(new Error('too late'));
          await (statements > 3 ? endless(connection) : short(connection));
        }
      },
      { ending: ending.signal },
    );
    await expect(asked).rejects.toThrow('too late');
    expect(statements).toBeLessThanOrEqual(5);
    await pool.drain();
  });

  it('serves another tenant while one floods, and refuses only the one', async () => {
    const pool = await poolOf(2);
    const ending = new AbortController();
    const flood = Array.from({ length: 200 }, () =>
      pool.use(endless, { tenant: 'evil', ending: ending.signal }).catch((error: unknown) => error),
    );
    expect(await pool.use(short, { tenant: 'good' })).toEqual([{ one: 1 }]);
    ending.abort(new Error('too late'));
    const errors = await Promise.all(flood);
    expect(errors.filter((error) => isStoreError(error, 'overloaded')).length).toBeGreaterThan(100);
    await pool.drain();
  });

  it('ends what runs when the store closes', async () => {
    const pool = await poolOf(1);
    const asked = pool.use(endless);
    const refused = expect(asked).rejects.toThrow('closing');
    await new Promise((resolve) => setTimeout(resolve, 20));
    await pool.drain();
    await refused;
    await expect(pool.use(short)).rejects.toThrow('closing');
  });
});
