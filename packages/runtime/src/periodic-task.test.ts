import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PeriodicTask } from './periodic-task.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('PeriodicTask', () => {
  it('never runs twice at once, and stop waits for the one that runs', async () => {
    let running = 0;
    let most = 0;
    const gates: (() => void)[] = [];
    const task = new PeriodicTask({
      name: 'task',
      everyMs: 10,
      run: async () => {
        most = Math.max(most, ++running);
        await new Promise<void>((resolve) => gates.push(resolve));
        running--;
      },
    });
    await task.start();
    await vi.advanceTimersByTimeAsync(50);
    expect([most, gates.length]).toEqual([1, 1]);
    const stopped = task.stop();
    gates[0]?.();
    await stopped;
    await vi.advanceTimersByTimeAsync(50);
    expect(gates).toHaveLength(1);
  });

  it('shows a failure until it works again', async () => {
    let works = false;
    const run = async () => {
      if (!works) throw new Error('disk is full');
    };
    const task = new PeriodicTask({ name: 'task', everyMs: 10, run });
    await task.start();
    await vi.advanceTimersByTimeAsync(10);
    expect(task.health()).toEqual({ ok: false, detail: 'disk is full' });
    works = true;
    await vi.advanceTimersByTimeAsync(10);
    expect(task.health().ok).toBe(true);
    await task.stop();
  });
});
