import { describe, expect, test } from 'vitest';
import type { ContractContext, ContractOptions } from './context.ts';
import { freshName, freshTopic, messageOf, pollCount, publishAll, texts } from './tools.ts';

export function lifecycleContract(context: ContractContext, options: ContractOptions): void {
  describe('lifecycle', () => {
    test('ensureTopics is idempotent, and adds partitions but never takes any away', async () => {
      const topic = await freshTopic(context.broker, 3);
      for (const [wanted, found] of [
        [3, 3],
        [5, 5],
        [2, 5],
      ] as const) {
        await context.broker.ensureTopics([{ name: topic, partitions: wanted }]);
        expect(await context.broker.topics()).toContainEqual({ name: topic, partitions: found });
      }
    });

    test('a running group reads the partitions that are added', async () => {
      const topic = await freshTopic(context.broker, 1);
      const group = freshName('grows');
      await context.broker.ensureTopics([{ name: topic, partitions: 1, groups: [group] }]);
      const reader = await context.broker.subscribe({ group, topics: [topic] });
      await context.broker.ensureTopics([{ name: topic, partitions: 2, groups: [group] }]);
      await publishAll(context.broker, [
        messageOf(topic, 'old', { partition: 0 }),
        messageOf(topic, 'new', { partition: 1 }),
      ]);
      expect(texts(await pollCount(reader, 2)).sort()).toEqual(['new', 'old']);
      await reader.close();
    });

    test('subscribing to an unknown topic is an error', async () => {
      const topics = [freshName('nowhere')];
      const refusal = context.broker.subscribe({ group: freshName('g'), topics });
      await expect(refusal).rejects.toMatchObject({ code: 'unknown-topic' });
    });

    test('a running broker says that it is well', () => {
      expect(context.broker.health().ok).toBe(true);
    });

    test('stop is idempotent; then publishes are refused and may be tried elsewhere', async () => {
      const topic = await freshTopic(context.broker);
      await context.broker.stop();
      await context.broker.stop();
      expect(context.broker.health().ok).toBe(false);
      const [outcome] = await context.broker.publish([messageOf(topic, 'late')]);
      expect(outcome).toMatchObject({ status: 'refused', code: 'not-running', retryable: true });
    });

    test('stop before start is safe', async () => {
      const broker = await options.createStopped();
      await broker.stop();
      expect(broker.health().ok).toBe(false);
    });
  });
}
