import { expect, it } from 'vitest';
import { Pace } from './pace.ts';

function busyFor(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

it('has the event loop turn between pieces of work that keep the thread', async () => {
  const pace = new Pace();
  const order: string[] = [];
  const work = Array.from({ length: 4 }, async (_, i) => {
    await pace.next();
    await Promise.resolve();
    busyFor(5);
    order.push(`work ${i}`);
  });
  let on = true;
  const turn = (): void => {
    order.push('turn');
    if (on) setImmediate(turn);
  };
  setImmediate(turn);
  await Promise.all(work);
  on = false;
  const together = order.filter((each, i) => each !== 'turn' && order[i - 1]?.startsWith('work'));
  expect(together, order.join(', ')).toEqual([]);
});

it('goes on after it had nothing to do', async () => {
  const pace = new Pace();
  await pace.next();
  await new Promise((resolve) => setTimeout(resolve, 10));
  await Promise.all([pace.next(), pace.next()]);
});
