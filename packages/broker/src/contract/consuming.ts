import { describe, expect, test } from 'vitest';
import type { ContractContext, ContractOptions } from './context.ts';
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

export function consumingContract(context: ContractContext, options: ContractOptions): void {
  describe('consuming', () => {
    test('what was not committed is polled again; what was is not', async () => {
      const group = freshName('g');
      const topic = await freshTopic(context.broker, 1, [group]);
      await publishTexts(context.broker, topic, numbered('m', 10));
      const first = await context.broker.subscribe({ group, topics: [topic] });
      const found = await pollCount(first, 10);
      await commitAll(first, found.slice(0, 4));
      await first.close();
      const second = await context.broker.subscribe({ group, topics: [topic] });
      expect(texts(await pollCount(second, 6))).toEqual(numbered('m', 10).slice(4));
      await second.close();
    });

    test.skipIf(options.optOuts?.restart !== undefined)(
      'a commit is durable: after a kill the group goes on behind it',
      async () => {
        const group = freshName('g');
        const topic = await freshTopic(context.broker, 1, [group]);
        await publishTexts(context.broker, topic, numbered('m', 10));
        const member = await context.broker.subscribe({ group, topics: [topic] });
        await commitAll(member, (await pollCount(member, 10)).slice(0, 7));
        const broker = await context.restart();
        await member.close().catch(() => {}); // It may have died with the broker, or live on.
        const again = await broker.subscribe({ group, topics: [topic] });
        expect(texts(await pollCount(again, 3))).toEqual(['m7', 'm8', 'm9']);
      },
    );

    test('a seek back delivers again from its position on', async () => {
      const group = freshName('g');
      const topic = await freshTopic(context.broker, 1, [group]);
      await publishTexts(context.broker, topic, numbered('m', 6));
      const member = await context.broker.subscribe({ group, topics: [topic] });
      const found = await pollCount(member, 6);
      const third = found[2];
      if (third === undefined) throw new Error('unreachable');
      await member.seek(third);
      expect(texts(await pollCount(member, 4))).toEqual(['m2', 'm3', 'm4', 'm5']);
      await member.close();
    });

    test('a paused partition is held but not polled, until it is resumed', async () => {
      const topic = await freshTopic(context.broker, 2);
      const member = await context.broker.subscribe({ group: freshName('g'), topics: [topic] });
      member.pause([{ topic, partition: 0 }]);
      await publishAll(context.broker, [
        messageOf(topic, 'paused', { partition: 0 }),
        messageOf(topic, 'polled', { partition: 1 }),
      ]);
      expect(texts(await pollCount(member, 1))).toEqual(['polled']);
      expect(await pollOnce(member)).toEqual([]);
      expect(member.assigned()).toHaveLength(2);
      member.resume([{ topic, partition: 0 }]);
      expect(texts(await pollCount(member, 1))).toEqual(['paused']);
      await member.close();
    });

    test('a poll takes about as much as it is allowed to, and at least one message', async () => {
      const group = freshName('g');
      const topic = await freshTopic(context.broker, 1, [group]);
      const value = [Buffer.alloc(10_000, 1)];
      await publishAll(
        context.broker,
        Array.from({ length: 20 }, () => messageOf(topic, '', { value })),
      );
      const member = await context.broker.subscribe({ group, topics: [topic] });
      let polled = 0;
      while (polled < 20) {
        const found = await pollOnce(member, 5_000, 35_000);
        expect(found.length).toBeGreaterThan(0);
        expect(found.length).toBeLessThanOrEqual(4);
        polled += found.length;
      }
      await member.close();
    });

    test('a poll waits for a message, and an abort ends it at once with nothing', async () => {
      const topic = await freshTopic(context.broker);
      const member = await context.broker.subscribe({ group: freshName('g'), topics: [topic] });
      const limits = { bytesMax: 1000, waitMs: 60_000 };
      const waiting = member.poll({ ...limits, abort: new AbortController().signal });
      await publishTexts(context.broker, topic, ['late']);
      expect(texts(await waiting)).toEqual(['late']);
      const abort = new AbortController();
      const aborted = member.poll({ ...limits, abort: abort.signal });
      abort.abort();
      expect(await aborted).toEqual([]);
      expect(await member.poll({ ...limits, abort: abort.signal })).toEqual([]);
      await member.close();
    });

    test('closing ends a pending poll; later polls are refused', async () => {
      const topic = await freshTopic(context.broker);
      const member = await context.broker.subscribe({ group: freshName('g'), topics: [topic] });
      const { signal } = new AbortController();
      const waiting = member.poll({ bytesMax: 1000, waitMs: 60_000, abort: signal });
      await member.close();
      await member.close();
      expect(await waiting).toEqual([]);
      await expect(pollOnce(member)).rejects.toMatchObject({ code: 'not-running' });
    });
  });
}
