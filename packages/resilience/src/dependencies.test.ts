import { expect, test } from 'vitest';
import { LocalDependencies } from './dependencies.ts';

test('alone, a process says what it found and blocks nobody', () => {
  let now = 1_000;
  const dependencies = new LocalDependencies({ name: 'gw-1', clock: () => now });
  dependencies.report('broker', 'up');
  dependencies.report('write-store', 'down', 'connection refused');
  now = 2_000;
  dependencies.report('write-store', 'down', 'no answer');
  expect(dependencies.isDown()).toBe(false);
  expect(dependencies.states()).toEqual([
    { dependency: 'broker', own: 'up', fleet: 'unknown', reporters: [] },
    {
      dependency: 'write-store',
      own: 'down',
      fleet: 'unknown',
      reporters: [{ name: 'gw-1', sinceMs: 1_000, reason: 'no answer' }],
    },
  ]);
  dependencies.report('write-store', 'up');
  expect(dependencies.own('write-store')).toBe('up');
  expect(dependencies.own('live-store')).toBe('unknown');
});

test('names and reasons are bounded', () => {
  const dependencies = new LocalDependencies({ name: 'gw-1' });
  for (let i = 0; i < 100; i++) dependencies.report(`server-${i}`, 'down', 'x'.repeat(10_000));
  expect(dependencies.states()).toHaveLength(32);
  expect(dependencies.states()[0]?.reporters[0]?.reason).toHaveLength(200);
});
