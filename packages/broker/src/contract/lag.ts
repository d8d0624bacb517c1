import { sleep } from '@spillway/resilience';
import { until } from '@spillway/test-support/until';
import { describe, expect, test } from 'vitest';
import type { PartitionLag } from '../broker.ts';
import type { ContractContext, ContractOptions } from './context.ts';
import {
  commitAll,
  freshName,
  freshTopic,
  messageOf,
  numbered,
  pollCount,
  publishAll,
  publishTexts,
} from './tools.ts';

export function lagContract(context: ContractContext, options: ContractOptions): void {
  describe('lag', () => {
    test('is what was sent and not committed, per partition, and 0 after the commit', async () => {
      const topic = await freshTopic(context.broker, 2);
      const group = freshName('g');
      const member = await context.broker.subscribe({ group, topics: [topic] });
      await lagIs(group, [0, 0]);
      await publishAll(
        context.broker,
        numbered('m', 9).map((text, index) =>
          messageOf(topic, text, { partition: index < 6 ? 0 : 1 }),
        ),
      );
      await lagIs(group, [6, 3]);
      await until(async () => {
        const lag = await context.broker.lag(group);
        return lag.every(({ seconds, expired }) => seconds !== 0 && expired === 0);
      }, 'what waits has an age, or an unknown one');
      const found = await pollCount(member, 9);
      const ofFirst = found.filter(({ partition }) => partition === 0);
      await commitAll(member, ofFirst.slice(0, 2));
      await lagIs(group, [4, 3]);
      await commitAll(member, found);
      const done = await lagIs(group, [0, 0]);
      expect(done.map(({ seconds }) => seconds)).toEqual([0, 0]);
      await member.close();
    });

    test('in seconds it is the age of the oldest message that waits, or unknown', async () => {
      const off = options.lagSecondsOff ?? 1;
      const topic = await freshTopic(context.broker);
      const group = freshName('g');
      const member = await context.broker.subscribe({ group, topics: [topic] });
      const oldMs = performance.now();
      await publishTexts(context.broker, topic, numbered('old', 3));
      await sleep(2_500);
      const newMs = performance.now();
      await publishTexts(context.broker, topic, numbered('new', 2));
      const newSecondsMax = () => (performance.now() - newMs) / 1000 + off;
      const [old] = await lagIs(group, [5]);
      if (old?.seconds !== null) {
        expect(old?.seconds).toBeGreaterThanOrEqual(2.5 - off);
        expect(old?.seconds).toBeLessThanOrEqual((performance.now() - oldMs) / 1000 + off);
      }
      await commitAll(member, (await pollCount(member, 5)).slice(0, 3));
      const [young] = await lagIs(group, [2]);
      if (young?.seconds !== null) expect(young?.seconds).toBeLessThanOrEqual(newSecondsMax());
      await member.close();
    });

    test('of a group that never ran, it is all that it would read', async () => {
      const group = freshName('g');
      const topic = await freshTopic(context.broker, 2, [group]);
      await publishTexts(context.broker, topic, numbered('m', 5));
      let lag: PartitionLag[] = [];
      await until(async () => {
        lag = await context.broker.lag(group, [topic]);
        return lag.reduce((sum, { messages }) => sum + (messages ?? 0), 0) === 5;
      }, 'all five');
      expect(lag.map((one) => one.topic)).toEqual([topic, topic]);
      expect(lag.every((one) => one.group === group && one.expired === 0)).toBe(true);
    });

    test('goes on being known when no member runs', async () => {
      const group = freshName('g');
      const topic = await freshTopic(context.broker, 1, [group]);
      await publishTexts(context.broker, topic, numbered('m', 3));
      const member = await context.broker.subscribe({ group, topics: [topic] });
      await commitAll(member, (await pollCount(member, 3)).slice(0, 1));
      await member.close();
      await publishTexts(context.broker, topic, numbered('n', 2));
      await lagIs(group, [4]);
    });

    test.skipIf(options.optOuts?.restart !== undefined)(
      'is the same after a kill and a new start',
      async () => {
        const topic = await freshTopic(context.broker);
        const group = freshName('g');
        const member = await context.broker.subscribe({ group, topics: [topic] });
        await publishTexts(context.broker, topic, numbered('m', 5));
        await commitAll(member, (await pollCount(member, 5)).slice(0, 2));
        await lagIs(group, [3]); // A commit that the broker did not receive is none.
        await context.restart();
        await lagIs(group, [3]);
      },
    );

    /** Waits for it: a broker may count late. Never negative on the way, and null is not 0. */
    async function lagIs(group: string, messages: number[]): Promise<PartitionLag[]> {
      let lag: PartitionLag[] = [];
      await until(
        async () => {
          lag = [...(await context.broker.lag(group))].sort((a, b) => a.partition - b.partition);
          for (const { seconds, messages: count, start, end, committed } of lag) {
            expect(count ?? 0).toBeGreaterThanOrEqual(0);
            expect(seconds ?? 0).toBeGreaterThanOrEqual(0);
            if (start === null || end === null || committed === null) continue;
            expect(start).toBeLessThanOrEqual(end);
            expect(committed).toBeGreaterThanOrEqual(start);
          }
          return (
            lag.length === messages.length && lag.every((one, n) => one.messages === messages[n])
          );
        },
        `a lag of ${messages}, not ${JSON.stringify(lag)}`,
      );
      return lag;
    }
  });
}
