import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PartitionLag } from './broker.ts';
import { LagBoard } from './lag-board.ts';

const groups = [{ group: 'writer', topics: ['logs'] }];
let nowMs = 0;
let others: string[] = [];
const lag = vi.fn(async (group: string, _topics?: readonly string[]) => [rowOf(group)]);

function rowOf(group: string): PartitionLag {
  const bounds = { committed: 0, start: 0, end: 5 };
  return { group, topic: 'logs', partition: 0, messages: 5, seconds: 1, expired: 0, ...bounds };
}

function board(broker: Partial<ConstructorParameters<typeof LagBoard>[0]['broker']> = {}) {
  const asked = { lag, groups: async () => others, ...broker };
  return new LagBoard({ broker: asked, groups, nowMs: () => nowMs });
}

beforeEach(() => {
  nowMs = 0;
  others = [];
  lag.mockClear();
});

it('asks the broker once a second, however many ask', async () => {
  const one = board();
  const readings = await Promise.all(Array.from({ length: 20 }, () => one.read()));
  for (const { groups: found } of readings) expect(found[0]?.partitions?.[0]?.messages).toBe(5);
  nowMs = 999;
  await one.read();
  expect(lag.mock.calls).toEqual([['writer', ['logs']]]);
  nowMs = 1_000;
  await one.read();
  expect(lag).toHaveBeenCalledTimes(2);
});

it('shows groups of others too, as long as the broker has them', async () => {
  others = ['writer', 'theirs'];
  const one = board();
  expect((await one.read()).groups.map(({ group }) => group)).toEqual(['writer', 'theirs']);
  others = [];
  nowMs = 10_000;
  expect((await one.read()).groups.map(({ group }) => group)).toEqual(['writer']);
});

it('answers while the broker is silent, with what was known, its age and the error', async () => {
  const one = board();
  await one.read();
  lag.mockImplementation(() => new Promise(() => {}));
  nowMs = 5_000;
  const startedMs = performance.now();
  const { groups: found } = await one.read();
  expect(performance.now() - startedMs).toBeLessThan(5_000);
  expect(found).toEqual([
    { group: 'writer', partitions: [rowOf('writer')], ageMs: 5_000, error: undefined },
  ]);
  await one.read();
  expect(lag).toHaveBeenCalledTimes(2);
  nowMs = 60_000;
  expect((await one.read()).groups[0]?.partitions).toBeUndefined();
  lag.mockImplementation(async (group) => [rowOf(group)]);
});

it('says why nothing is known, of each group alone', async () => {
  const down = new Error('no broker answers');
  const one = board({
    groups: async () => {
      throw down;
    },
    lag: async () => {
      throw down;
    },
  });
  expect(await one.read()).toEqual({
    groups: [{ group: 'writer', partitions: undefined, ageMs: 0, error: 'no broker answers' }],
    error: 'no broker answers',
  });
});

describe('a broker that does not answer', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('keeps waiting only the first who asks, and is asked for groups and lag at once', async () => {
    const silent = vi.fn(() => new Promise<never>(() => {}));
    const one = board({ groups: silent, lag: silent });
    const first = one.read();
    expect(silent).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(500);
    const unknown = { group: 'writer', partitions: undefined, ageMs: 0, error: 'not read yet' };
    expect((await first).groups).toEqual([unknown]);
    // No time passes for the second one.
    expect((await one.read()).groups).toEqual([unknown]);
    expect(silent).toHaveBeenCalledTimes(2);
  });

  it('has failed after ten seconds, and is asked again then', async () => {
    const silent = vi.fn(() => new Promise<never>(() => {}));
    const one = board({ lag: silent });
    void one.read();
    await vi.advanceTimersByTimeAsync(10_000);
    nowMs = 10_000;
    const second = one.read();
    expect(silent).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(500);
    expect((await second).groups[0]?.error).toBe('The reading took over 10000 ms');
  });

  it('hides no group that another one keeps waiting', async () => {
    const one = new LagBoard({
      broker: {
        groups: async () => [],
        lag: (group) =>
          group === 'writer' ? new Promise(() => {}) : Promise.resolve([rowOf(group)]),
      },
      groups: [...groups, { group: 'search', topics: ['logs'] }],
      nowMs: () => nowMs,
    });
    const reading = one.read();
    await vi.advanceTimersByTimeAsync(500);
    expect((await reading).groups.map(({ error }) => error)).toEqual(['not read yet', undefined]);
  });
});
