import type { OutgoingMessage, PublishOutcome } from '@spillway/broker';
import type { Dependencies } from '@spillway/resilience';
import { expect, it } from 'vitest';
import { openTestSpill, publisherBefore, requestOf } from './test-tools.ts';

const delivered = { rejectedRecords: 0, message: '', ack: 'broker' };
const spilled = { ...delivered, ack: 'spill' };

/** A broker that can be away, and a fleet that holds it down. */
function sick() {
  const state = { isAway: false, isDown: true, published: 0, reports: [] as string[] };
  const publish = async (messages: readonly OutgoingMessage[]): Promise<PublishOutcome[]> => {
    state.published += 1;
    if (state.isAway) throw new Error('no answer');
    return messages.map((_, position) => ({ status: 'durable', position }));
  };
  const dependencies: Dependencies = {
    report: (_, judgement) => {
      state.reports.push(judgement);
      // The fleet believes whoever holds it down last.
      if (judgement === 'up') state.isDown = false;
    },
    isDown: () => state.isDown,
    states: () => [],
  };
  return { state, publish, dependencies };
}

it('what the fleet holds down is spared while there is a spill', async () => {
  const { state, publish, dependencies } = sick();
  const spill = await openTestSpill();
  const { publisher } = await publisherBefore({ publish }, {}, { spill, dependencies });
  const answer = publisher.publish(requestOf(10));
  expect(await answer).toEqual(spilled);
  await publisher.stop(AbortSignal.abort());
  expect(state.published).toBeLessThanOrEqual(1); // The drain may have looked.
  await spill.close();
});

it('without a spill the fleet makes nobody refuse what the broker would take', async () => {
  const { publish, dependencies } = sick();
  const { publisher } = await publisherBefore({ publish }, {}, { dependencies });
  expect(await publisher.publish(requestOf(10))).toEqual(delivered);
  await publisher.stop(AbortSignal.abort());
});

it('who holds the broker down finds out that it is back, also with nothing to drain', async () => {
  const { state, publish, dependencies } = sick();
  state.isDown = false;
  state.isAway = true;
  const spill = await openTestSpill();
  const { publisher } = await publisherBefore({ publish }, {}, { spill, dependencies });
  // A spill that takes nothing leaves nothing to drain, which else would look.
  await spill.close();
  while (state.reports.length === 0) await publisher.publish(requestOf(10));
  expect(state.reports).toEqual(['down']);
  state.isDown = true;
  state.isAway = false;
  await expect
    .poll(() => publisher.publish(requestOf(10)), { timeout: 10_000, interval: 100 })
    .toEqual(delivered);
  expect(state.reports).toEqual(['down', 'up']);
  await publisher.stop(AbortSignal.abort());
});
