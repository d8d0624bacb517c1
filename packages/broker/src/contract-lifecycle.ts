import { describe, expect, test } from 'vitest';
import type { ContractContext, ContractOptions } from './contract.ts';
import { freshName, freshTopic, messageOf } from './contract-tools.ts';

export function lifecycleContract(context: ContractContext, options: ContractOptions): void {
  describe('lifecycle', () => {
    test('ensureTopics is idempotent, and refuses another number of partitions', async () => {
      const topic = await freshTopic(context.broker, 3);
      await context.broker.ensureTopics([{ name: topic, partitions: 3 }]);
      const refusal = context.broker.ensureTopics([{ name: topic, partitions: 4 }]);
      await expect(refusal).rejects.toMatchObject({ code: 'partitions-differ' });
      expect(await context.broker.topics()).toContainEqual({ name: topic, partitions: 3 });
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
