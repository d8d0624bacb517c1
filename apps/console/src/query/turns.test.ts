import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { QueryError } from '../http/errors.ts';
import { type Turn, Turns } from './turns.ts';

// Time goes on by itself, too: on a busy machine questions rest between two turns.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true });
});
afterEach(() => void vi.useRealTimers());

const stays = new AbortController().signal;
const config = { queryTimeoutMs: 10_000, queriesMax: 10, answerBytesMax: 1_000 };
const codeOf = (error: unknown) => (error as QueryError).code;

/** Works until it is ended. */
const endless =
  (ended: () => void) =>
  ({ ending }: Turn) =>
    new Promise<never>((_, reject) => {
      ending.addEventListener('abort', () => {
        ended();
        reject(ending.reason);
      });
    });

/** Until all that has its turn works on it. */
async function begun(): Promise<void> {
  for (let i = 0; i < 30; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(10);
  }
}

describe('turns', () => {
  it('end the work at the deadline, and free its place then', async () => {
    const turns = new Turns(config);
    const ended = vi.fn();
    const asked = Array.from({ length: 4 }, () =>
      turns.take({ tenant: 'evil', gone: stays }, endless(ended)).catch(codeOf),
    );
    await begun();
    await vi.advanceTimersByTimeAsync(config.queryTimeoutMs);
    expect(await Promise.all(asked)).toEqual(asked.map(() => 'timeout'));
    expect(ended).toHaveBeenCalledTimes(4);
    expect(await turns.take({ tenant: 'evil', gone: stays }, async () => 1)).toBe(1);
  });

  it('end the work when the client has gone', async () => {
    const turns = new Turns(config);
    const [gone, ended] = [new AbortController(), vi.fn()];
    const asked = turns.take({ tenant: 'evil', gone: gone.signal }, endless(ended)).catch(String);
    await begun();
    gone.abort('gone');
    expect([await asked, ended.mock.calls.length]).toEqual(['gone', 1]);
  });

  it('refuse a tenant that floods, at once or at the deadline, and no other', async () => {
    const turns = new Turns(config);
    const flood = Array.from({ length: 30 }, () =>
      turns.take({ tenant: 'evil', gone: stays }, endless(vi.fn())).catch(codeOf),
    );
    expect(await turns.take({ tenant: 'good', gone: stays }, async () => 'served')).toBe('served');
    await vi.advanceTimersByTimeAsync(config.queryTimeoutMs);
    const codes = (await Promise.all(flood)).map(String);
    // Those that waited may get their turn in the moment in which it is too late.
    const late = codes.filter((code) => code === 'timeout').length;
    expect([late >= 4, late <= 4 + 5]).toEqual([true, true]);
    expect(codes.filter((code) => code === 'too-many-queries')).toHaveLength(30 - late);
  });

  it('keep the place of work that does not end, for a minute', async () => {
    const turns = new Turns(config);
    const stuck = () => new Promise<never>(() => {});
    const order = { tenant: 'evil', long: 'ledger' as const, gone: stays };
    const late = turns.take(order, stuck).catch(codeOf);
    await begun();
    await vi.advanceTimersByTimeAsync(config.queryTimeoutMs);
    expect(await late).toBe('timeout');
    const next = turns.take(order, async () => 1).catch(codeOf);
    await vi.advanceTimersByTimeAsync(config.queryTimeoutMs);
    expect(await next).toBe('too-many-queries');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await turns.take(order, async () => 1)).toBe(1);
  });

  it('let large answers wait for each other, half of the places for each tenant', async () => {
    const turns = new Turns(config);
    const large = { objects: 2_000, text: 0 };
    const held = Promise.withResolvers<void>();
    const order: string[] = [];
    const ask = (tenant: string, name: string, until: Promise<void>) =>
      turns.take({ tenant, gone: stays }, async ({ room }) => {
        await room.take(large);
        order.push(name);
        await until;
      });
    const asked = [
      ask('evil', 'evil 1', held.promise),
      ask('evil', 'evil 2', Promise.resolve()),
      ask('good', 'good', Promise.resolve()),
    ];
    await asked[2];
    expect(order).toEqual(['evil 1', 'good']);
    const small = turns.take({ tenant: 'evil', gone: stays }, async ({ room }) => {
      await room.take({ objects: 100, text: 100 });
      return 'small';
    });
    expect(await small).toBe('small');
    held.resolve();
    await Promise.all(asked);
    expect(order).toEqual(['evil 1', 'good', 'evil 2']);
  });

  it('refuse what is more than the largest answer, and free its places', async () => {
    const turns = new Turns(config);
    const order = { tenant: 'evil', gone: stays };
    const ask = (text: number) =>
      turns.take(order, async ({ room }) => await room.take({ objects: 0, text }));
    await expect(ask(1_001)).rejects.toThrow(/ask for/);
    await expect(ask(1_000)).resolves.toBeUndefined();
  });

  it('let long questions wait for each other, and short ones not for them', async () => {
    const turns = new Turns(config);
    const order = { tenant: 'a', long: 'ledger' as const, gone: stays };
    const long = turns.take(order, endless(vi.fn())).catch(codeOf);
    expect(await turns.take({ tenant: 'a', gone: stays }, async () => 'short')).toBe('short');
    await vi.advanceTimersByTimeAsync(config.queryTimeoutMs);
    expect(await long).toBe('timeout');
  });
});
