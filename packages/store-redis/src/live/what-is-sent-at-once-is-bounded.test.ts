import type { Client } from '@spillway/redis';
import { TestRecords } from '@spillway/store/contract';
import { expect, test } from 'vitest';
import { redisLiveBudget } from '../budget.ts';
import { defaultLimits } from '../limits.ts';
import { newCounts } from '../stats.ts';
import { Writer } from './writer.ts';

const nowMs = Date.UTC(2026, 0, 5, 12);
const [{ bytes: budgetBytes } = { bytes: 0 }] = redisLiveBudget({ isFilled: true, questions: 0 });

/** Takes every step, and tells how much was sent before each answer. */
class Taking {
  readonly sentBytes: number[] = [];

  async pipeline<T, R>(
    items: readonly T[],
    add: (pipeline: { evalsha: (...args: unknown[]) => void }, item: T) => unknown,
  ): Promise<R[]> {
    let bytes = 0;
    const evalsha = (...args: unknown[]) => {
      for (const arg of args) bytes += Buffer.byteLength(String(arg));
    };
    for (const item of items) add({ evalsha }, item);
    this.sentBytes.push(bytes);
    return items.map(() => [0, '', 0, 0, [0, 0, 0], 0, 0, []] as R);
  }
}

test('a batch goes in steps, however many spans it has and however long their names are', async () => {
  const client = new Taking();
  const writer = new Writer({
    client: client as unknown as Client,
    script: { text: '', sha: 'sha' },
    limits: defaultLimits,
    generationsKey: 'gens',
    positions: 'log',
    clock: () => nowMs,
    counts: newCounts(),
    onForgotten: () => {},
    onLimit: () => {},
  });
  const records = new TestRecords({ nowMs });
  const long = (i: number) => `${i}${'日'.repeat(1_000)}`;
  const message = (spans: number) =>
    records.message(
      Array.from({ length: spans }, (_, i) =>
        records.span({
          name: long(i),
          kind: i % 2 ? 3 : 2,
          parentSpanId: 'a'.repeat(16),
          resource: records.resource(long(i)),
          startTimeUnixNano: BigInt(nowMs) * 1_000_000n,
        }),
      ),
    );
  const messages = [message(10_000), message(300), message(300)];
  const outcomes = await writer.apply(messages);
  expect(outcomes.map((outcome) => outcome.records.length)).toEqual([10_000, 300, 300]);
  const all = client.sentBytes.reduce((sum, bytes) => sum + bytes, 0);
  const most = Math.max(...client.sentBytes);
  // Once as text, and as bytes of all of it and of each command.
  expect(3 * most).toBeLessThan(budgetBytes);
  expect(all).toBeGreaterThan(3 * most);
});
