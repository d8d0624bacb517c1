import { describe, expect, it } from 'vitest';
import { TokenBucket } from './token-bucket.ts';

function bucketAt(options: { ratePerSecond: number; burst: number }) {
  const clock = { ms: 1000 };
  return { clock, bucket: new TokenBucket({ ...options, nowMs: () => clock.ms }) };
}

describe('TokenBucket', () => {
  it('lets a burst through, then exactly the rate', () => {
    const { clock, bucket } = bucketAt({ ratePerSecond: 100, burst: 3 });
    const waits: number[] = [];
    for (let i = 0; i < 5; i++) waits.push(bucket.tryTake(1));
    clock.ms += 9;
    waits.push(bucket.tryTake(1));
    clock.ms += 1;
    waits.push(bucket.tryTake(1), bucket.tryTake(1));
    expect(waits).toEqual([0, 0, 0, 10, 10, 1, 0, 10]);
  });

  it('tells the wait after which the same amount is taken', () => {
    const { clock, bucket } = bucketAt({ ratePerSecond: 7, burst: 50 });
    bucket.spend(50);
    const waitMs = bucket.tryTake(20);
    clock.ms += waitMs - 1;
    expect(bucket.tryTake(20)).toBe(1);
    clock.ms += 1;
    expect(bucket.tryTake(20)).toBe(0);
  });

  it('makes the next taker wait for a debt', () => {
    const { clock, bucket } = bucketAt({ ratePerSecond: 10, burst: 10 });
    expect(bucket.tryTake(0)).toBe(0);
    bucket.spend(30);
    expect(bucket.tokens).toBe(-20);
    expect([bucket.tryTake(0), bucket.tryTake(1)]).toEqual([2000, 2100]);
    clock.ms += 2100;
    expect(bucket.tryTake(1)).toBe(0);
  });

  it('takes an amount above the burst only from a full bucket', () => {
    const { clock, bucket } = bucketAt({ ratePerSecond: 10, burst: 10 });
    expect(bucket.tryTake(25)).toBe(0);
    expect(bucket.tryTake(25)).toBe(2500);
    clock.ms += 2500;
    expect(bucket.tryTake(25)).toBe(0);
  });

  it('never holds more than the burst, whatever is given back or however long it is quiet', () => {
    const { clock, bucket } = bucketAt({ ratePerSecond: 10, burst: 10 });
    bucket.giveBack(5);
    clock.ms += 3_600_000;
    expect(bucket.tokens).toBe(10);
  });

  it('ignores a clock that steps back', () => {
    const { clock, bucket } = bucketAt({ ratePerSecond: 10, burst: 10 });
    bucket.spend(10);
    clock.ms -= 500;
    expect(bucket.tokens).toBe(0);
  });
});
