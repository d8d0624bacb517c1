import { afterEach, expect, test, vi } from 'vitest';
import { until } from './src/until.ts';

afterEach(() => void vi.useRealTimers());

test('until looks again and again, and names what never came', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
  let looks = 0;
  const held = until(async () => ++looks === 4);
  await vi.advanceTimersByTimeAsync(30);
  await held;
  expect(looks).toBe(4);
  const never = expect(until(() => false, 'the moon')).rejects.toThrow('the moon');
  await vi.advanceTimersByTimeAsync(51_000);
  await never;
});
