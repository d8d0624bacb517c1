import { until } from '@spillway/test-support/until';
import { describe, expect, test } from 'vitest';
import type { DeliveredMessage, Subscription, TopicPartition } from '../broker.ts';
import type { ContractContext } from './context.ts';
import {
  commitAll,
  freshName,
  freshTopic,
  messageOf,
  numbered,
  pollCount,
  pollOnce,
  publishAll,
  publishTexts,
  texts,
} from './tools.ts';

export function groupContract(context: ContractContext): void {
  describe('groups', () => {
    test('each group gets every message, whatever the others have committed', async () => {
      const groups = [freshName('one'), freshName('two')] as const;
      const topic = await freshTopic(context.broker, 1, groups);
      await publishTexts(context.broker, topic, numbered('m', 5));
      const one = await context.broker.subscribe({ group: groups[0], topics: [topic] });
      await commitAll(one, await pollCount(one, 5));
      const two = await context.broker.subscribe({ group: groups[1], topics: [topic] });
      expect(texts(await pollCount(two, 5))).toEqual(numbered('m', 5));
      await Promise.all([one.close(), two.close()]);
    });

    test('every group that ever subscribed is listed', async () => {
      const topic = await freshTopic(context.broker);
      const group = freshName('listed');
      const member = await context.broker.subscribe({ group, topics: [topic] });
      await member.close();
      await until(async () => (await context.broker.groups()).includes(group), 'the group');
    });

    test('two members share the partitions, and no message is lost on the way', async () => {
      const topic = await freshTopic(context.broker, 4);
      const group = freshName('g');
      const found: DeliveredMessage[] = [];
      const revoked: TopicPartition[] = [];
      const first = await context.broker.subscribe({
        group,
        topics: [topic],
        onRevoke: async (partitions) => {
          // What is in hand may still be committed here: the partition stays here until this is done.
          await commitAll(
            first,
            found.filter((message) => includes(partitions, message)),
          );
          revoked.push(...partitions);
        },
      });
      await publishTo(topic, 'before');
      found.push(...(await pollCount(first, 40)));
      const second = await context.broker.subscribe({ group, topics: [topic] });
      await until(() => share(first, second), 'two partitions each');
      expect(revoked).toHaveLength(2);
      for (const partition of revoked) expect(includes(second.assigned(), partition)).toBe(true);
      await publishTo(topic, 'after');
      const later = [...(await pollCount(first, 20)), ...(await pollCount(second, 20))];
      expect(texts(later).every((text) => text.startsWith('after'))).toBe(true);
      await Promise.all([first.close(), second.close()]);
    });

    test('a partition is held by one member at a time: the move waits for onRevoke', async () => {
      const topic = await freshTopic(context.broker, 2);
      const group = freshName('g');
      let finish: () => void = () => {};
      const finished = new Promise<void>((resolve) => {
        finish = resolve;
      });
      let asked = false;
      const first = await context.broker.subscribe({
        group,
        topics: [topic],
        onRevoke: () => {
          asked = true;
          return finished;
        },
      });
      const joining = context.broker.subscribe({ group, topics: [topic] });
      // Some adapters learn of the second member only while polling.
      await until(async () => {
        await pollOnce(first, 50);
        return asked;
      }, 'onRevoke');
      expect(first.assigned()).toHaveLength(2);
      finish();
      const second = await joining;
      await until(async () => {
        await Promise.all([pollOnce(first, 50), pollOnce(second, 50)]);
        return share(first, second);
      }, 'one partition each');
      expect(first.assigned().some((held) => includes(second.assigned(), held))).toBe(false);
      await Promise.all([first.close(), second.close()]);
    });

    test('when a member leaves, the other goes on where the group has committed', async () => {
      const topic = await freshTopic(context.broker, 2);
      const group = freshName('g');
      const first = await context.broker.subscribe({ group, topics: [topic] });
      const second = await context.broker.subscribe({ group, topics: [topic] });
      await until(() => share(first, second), 'one partition each');
      await publishTo(topic, 'm', 2);
      const found = await pollCount(second, 10);
      await commitAll(second, found.slice(0, 6));
      const kept = await pollCount(first, 10);
      await commitAll(first, kept);
      await second.close();
      const taken = await pollCount(first, 4);
      expect(texts(taken)).toEqual(texts(found.slice(6)));
      expect(first.assigned()).toHaveLength(2);
      await first.close();
    });

    test('a commit of a partition that moved away is ignored', async () => {
      const group = freshName('g');
      const topic = await freshTopic(context.broker, 1, [group]);
      await publishTexts(context.broker, topic, ['m']);
      const first = await context.broker.subscribe({ group, topics: [topic] });
      const found = await pollCount(first, 1);
      await first.close();
      await first.commit(found).catch(() => {});
      const second = await context.broker.subscribe({ group, topics: [topic] });
      expect(texts(await pollCount(second, 1))).toEqual(['m']);
      await second.close();
    });

    /** Ten messages to each partition. */
    function publishTo(topic: string, name: string, partitions = 4) {
      return publishAll(
        context.broker,
        numbered(name, 10 * partitions).map((text, index) =>
          messageOf(topic, text, { partition: index % partitions }),
        ),
      );
    }
  });
}

function share(first: Subscription, second: Subscription): boolean {
  const held = first.assigned().length;
  return held > 0 && held === second.assigned().length;
}

function includes(partitions: readonly TopicPartition[], wanted: TopicPartition): boolean {
  return partitions.some(
    ({ topic, partition }) => topic === wanted.topic && partition === wanted.partition,
  );
}
