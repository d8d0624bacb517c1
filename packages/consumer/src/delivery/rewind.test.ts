import type { Broker, Position, Subscription } from '@spillway/broker';
import type { Sink } from '@spillway/store';
import { expect, it } from 'vitest';
import { Rewinder } from './rewind.ts';

const places = [0, 1].map((partition) => ({ topic: 'otlp_logs', partition }));

it('tells of a partition that it moved before another one could not be moved', async () => {
  const committed = [100, 100];
  const sought: Position[] = [];
  let failures = 1;
  const lag = async () =>
    places.map((place) => ({ ...place, committed: committed[place.partition], start: 0 }));
  const rewinder = new Rewinder({
    broker: { capabilities: { canReplay: true }, lag } as unknown as Broker,
    group: 'projector',
    sink: {
      capabilities: {
        nextPositions: async () => places.map((place) => ({ ...place, position: 50 })),
      },
    } as unknown as Sink,
    report: () => undefined,
  });
  const subscription = {
    assigned: () => places,
    seek: async (to: Position) => void sought.push(to),
    commit: async ([{ partition, position }]: [Position]) => {
      if (partition === 1 && failures-- > 0) throw new Error('the group is rebalancing');
      committed[partition] = position + 1;
    },
  } as unknown as Subscription;
  await expect(rewinder.settle(subscription)).rejects.toThrow('rebalancing');
  sought.length = 0;
  const moved = await rewinder.settle(subscription);
  expect([...moved].sort()).toEqual(['otlp_logs/0', 'otlp_logs/1']);
  expect(sought.map(({ position }) => position)).toEqual([50, 50]);
  expect((await rewinder.settle(subscription)).size).toBe(0);
});
