import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { LibraryCluster } from './cluster.ts';
import { Questions } from './questions.ts';

const options = {
  clientId: 'test',
  bootstrap: ['127.0.0.1:1'],
  connectTimeoutMs: 500,
  requestTimeoutMs: 1_000,
  security: { tls: undefined, sasl: undefined, named: false },
  waitMs: 2_000,
};
const never = new Promise<never>(() => {});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function cluster(connect = async () => {}): LibraryCluster {
  const part: Partial<LibraryCluster> = { connect, disconnect: () => never };
  return part as LibraryCluster;
}

it('a question that is never answered ends in time, and the next goes to another cluster', async () => {
  const clusters = [cluster(), cluster()];
  const [, second] = clusters;
  const questions = new Questions(options, () => clusters.shift() as LibraryCluster);
  const outcome = questions.ask('Broker 1', () => never).catch((error) => error);
  await vi.advanceTimersByTimeAsync(4_900);
  expect(clusters).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(await outcome).toMatchObject({
    code: 'connection',
    message: 'Broker 1 does not answer: An answer took over 5000 ms',
  });
  expect(await questions.ask('Broker 1', async (asked) => asked)).toBe(second);
});

it('a connect that never ends does not hold up the next one, nor a close', async () => {
  const clusters = [cluster(() => never), cluster(() => never)];
  const questions = new Questions(options, () => clusters.shift() as LibraryCluster);
  const ask = (): Promise<string> => questions.ask('Broker 1', async () => 'answered');
  const outcomes = Promise.allSettled([ask(), ask()]);
  await vi.advanceTimersByTimeAsync(5_100);
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(clusters).toHaveLength(0);
  const under = ask().catch(({ message }) => message);
  const closed = questions.close();
  await vi.advanceTimersByTimeAsync(0);
  expect(await under).toMatch(/does not answer: Aborted while it was under way/);
  await vi.advanceTimersByTimeAsync(1_100);
  await closed;
});
