import { until } from '@spillway/test-support/until';
import { describe, expect, test } from 'vitest';
import type { DeliveredMessage, Position, ReplayFrom } from '../broker.ts';
import type { ContractContext, ContractOptions } from './context.ts';
import {
  commitAll,
  freshName,
  freshTopic,
  numbered,
  pollCount,
  publishTexts,
  texts,
} from './tools.ts';

export function replayContract(context: ContractContext, options: ContractOptions): void {
  if (options.optOuts?.replay !== undefined) {
    test(`replay and read are refused: ${options.optOuts.replay}`, async () => {
      const { broker } = context;
      const topic = await freshTopic(broker);
      expect(broker.capabilities.canReplay).toBeFalsy();
      const refusal = { code: 'unsupported' };
      await expect(broker.replay(freshName('g'), topic, 'earliest')).rejects.toMatchObject(refusal);
      const at = { topic, partition: 0, position: 0 };
      expect(() => broker.read(at)).toThrow(expect.objectContaining(refusal));
    });
    return;
  }

  describe('replay', () => {
    test('from the earliest, a time or positions, a group reads again', async () => {
      const { topic, group, messages } = await readOnce();
      const third = messages[2];
      if (third === undefined) throw new Error('unreachable');
      const cases: [ReplayFrom, string[]][] = [
        ['earliest', numbered('m', 6)],
        [{ positions: [third] }, ['m2', 'm3', 'm4', 'm5']],
        [{ timestampMs: 0 }, numbered('m', 6)],
      ];
      for (const [from, wanted] of cases) {
        await context.broker.replay(group, topic, from);
        const member = await context.broker.subscribe({ group, topics: [topic] });
        const found = await pollCount(member, wanted.length);
        expect(texts(found)).toEqual(wanted);
        await commitAll(member, found);
        await member.close();
      }
      await context.broker.replay(group, topic, { timestampMs: Date.now() + 3_600_000 });
      await until(async () => {
        const [lag] = await context.broker.lag(group);
        return lag?.messages === 0;
      }, 'a replay from the future has nothing to read');
    });

    test('is refused while a member of the group runs', async () => {
      const topic = await freshTopic(context.broker);
      const group = freshName('g');
      const member = await context.broker.subscribe({ group, topics: [topic] });
      const refusal = context.broker.replay(group, topic, 'earliest');
      await expect(refusal).rejects.toMatchObject({ code: 'group-running' });
      await member.close();
    });

    test('a read without a group starts anywhere and ends at the end of its time', async () => {
      const { topic, messages } = await readOnce();
      expect(texts(await readAll(messages[0] as Position))).toEqual(numbered('m', 6));
      const reading = context.broker.read(messages[4] as Position);
      await publishTexts(context.broker, topic, ['after']);
      const found: DeliveredMessage[] = [];
      for await (const message of reading) found.push(message);
      expect(texts(found)).toEqual(['m4', 'm5']);
      expect(texts(await readAll(messages[4] as Position, 1))).toEqual(['m4', 'm5', 'after']);
    });

    test('a read that is aborted ends with the reason', async () => {
      const { messages } = await readOnce();
      const reason = new Error('enough');
      const reading = context.broker.read(messages[0] as Position, {
        abort: AbortSignal.abort(reason),
      });
      await expect(reading[Symbol.asyncIterator]().next()).rejects.toBe(reason);
    });

    test('positionAt finds the first message taken at or after a time', async () => {
      const { topic, messages } = await readOnce();
      const at = (timestampMs: number) =>
        context.broker.positionAt({ topic, partition: 0 }, timestampMs);
      for (const { timestampMs } of messages) {
        const wanted = messages.find((message) => message.timestampMs >= timestampMs);
        expect(await at(timestampMs)).toBe(wanted?.position);
      }
      const last = messages.at(-1) as DeliveredMessage;
      expect(await at(0)).toBe(messages[0]?.position);
      expect(await at(last.timestampMs + 3_600_000)).toBe(last.position + 1);
    });

    test('reading an unknown topic is an error', async () => {
      const nowhere = { topic: freshName('nowhere'), partition: 0, position: 0 };
      const refusal = { code: 'unknown-topic' };
      await expect(context.broker.positionAt(nowhere, 0)).rejects.toMatchObject(refusal);
      const replayed = context.broker.replay(freshName('g'), nowhere.topic, 'earliest');
      await expect(replayed).rejects.toMatchObject(refusal);
    });

    async function readOnce() {
      const topic = await freshTopic(context.broker);
      const group = freshName('g');
      for (const text of numbered('m', 6)) await publishTexts(context.broker, topic, [text]);
      const member = await context.broker.subscribe({ group, topics: [topic] });
      const messages = await pollCount(member, 6);
      await commitAll(member, messages);
      await member.close();
      return { topic, group, messages };
    }

    async function readAll(from: Position, bytesMax = 1_000_000): Promise<DeliveredMessage[]> {
      const found: DeliveredMessage[] = [];
      for await (const message of context.broker.read(from, { bytesMax })) found.push(message);
      return found;
    }
  });
}
