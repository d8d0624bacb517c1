import { type GroupLag, LagBoard } from '@spillway/broker';
import { expect, it } from 'vitest';
import { sinks } from '../../test/support/sinks.ts';
import { Freshness } from './freshness.ts';

const known: GroupLag = { group: 'live', partitions: [], ageMs: 0, error: undefined };

it('takes a lag that could not be read, or not lately, for unknown', async () => {
  const found = [
    { ...known, group: 'writer', error: 'no answer' },
    { ...known, group: 'search', ageMs: 5_000 },
    known,
  ];
  const lagBoard = { read: async () => ({ groups: found, error: undefined }) };
  const freshness = new Freshness({ lagBoard, sinks });
  const lags = await freshness.lags();
  expect(lags.map(({ sink, partitions }) => [sink.name, partitions])).toEqual([
    ['writer', undefined],
    ['search', undefined],
    ['live', []],
  ]);
});

it('keeps no question waiting for a broker that does not answer', async () => {
  const silent = { lag: () => new Promise<never>(() => {}), groups: async () => ['writer'] };
  const lagBoard = new LagBoard({ broker: silent, groups: [] });
  const freshness = new Freshness({ lagBoard, sinks });
  expect(await freshness.of('live')).toMatchObject({ behindSeconds: null });
});
