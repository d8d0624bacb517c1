import { describe, expect, it } from 'vitest';
import { Bulkhead, type Full, Permit } from './bulkhead.ts';

function bulkhead(name: string, requestsMax: number, bytesMax: number) {
  return new Bulkhead({ name, requestsMax, bytesMax, nowMs: () => 0, random: () => 0 });
}

function entered(result: Permit | Full): Permit {
  if (result instanceof Permit) return result;
  throw new Error(`${result.bulkhead.name} is full (${result.limit})`);
}

describe('Permit', () => {
  it('enters all bulkheads or none, and names the limit that is full', () => {
    const [all, signal] = [bulkhead('all', 10, 100), bulkhead('signal', 2, 50)];
    entered(Permit.enter([all, signal], 30));
    expect(Permit.enter([all, signal], 30)).toMatchObject({
      bulkhead: signal,
      limit: 'bytes',
      alone: false,
    });
    entered(Permit.enter([all, signal], 20));
    expect(Permit.enter([all, signal], 0)).toMatchObject({
      bulkhead: signal,
      limit: 'requests',
      alone: false,
    });
    expect([all.requests, all.bytes, signal.requests, signal.bytes]).toEqual([2, 50, 2, 50]);
  });

  it('leaves what it holds exactly once, after growing and shrinking', () => {
    const signal = bulkhead('signal', 2, 100);
    const other = entered(Permit.enter([signal], 10));
    const permit = entered(Permit.enter([signal], 10));
    expect(permit.grow(80)).toBeUndefined();
    expect(permit.grow(1)).toMatchObject({ bulkhead: signal, limit: 'bytes', alone: false });
    permit.shrink(40);
    expect([permit.bytes, signal.bytes]).toEqual([50, 60]);
    permit.leave();
    permit.leave();
    permit.shrink(5);
    expect([signal.requests, signal.bytes, other.bytes]).toEqual([1, 10, 10]);
  });

  it('says when the bytes would not fit even alone', () => {
    const signal = bulkhead('signal', 3, 100);
    const permit = entered(Permit.enter([signal], 60));
    expect(Permit.enter([signal], 101)).toMatchObject({ limit: 'bytes', alone: true });
    const other = entered(Permit.enter([signal], 40));
    expect(permit.grow(40)).toMatchObject({ alone: false });
    expect(permit.grow(41)).toMatchObject({ alone: true });
    other.leave();
    expect(permit.grow(40)).toBeUndefined();
  });

  it('never shrinks below what it holds', () => {
    const signal = bulkhead('signal', 2, 100);
    const permit = entered(Permit.enter([signal], 10));
    permit.shrink(1000);
    expect([permit.bytes, signal.bytes]).toEqual([0, 0]);
  });

  it('keeps a full signal from another signal', () => {
    const all = bulkhead('all', 10, 100);
    const [traces, logs] = [bulkhead('traces', 1, 60), bulkhead('logs', 1, 60)];
    entered(Permit.enter([all, traces], 60));
    expect(Permit.enter([all, traces], 1)).toMatchObject({
      bulkhead: traces,
      limit: 'requests',
      alone: false,
    });
    expect(Permit.enter([all, logs], 40)).toBeInstanceOf(Permit);
  });
});
