import { sleep, waitAtMost } from '@spillway/resilience';
import { until } from '@spillway/test-support/until';
import { describe, expect, test } from 'vitest';
import type { Broker, DeliveredMessage } from '../broker.ts';
import type { ContractContext, ContractOptions } from './context.ts';
import {
  commitAll,
  freshName,
  freshTopic,
  messageOf,
  numbered,
  pollCount,
  pollUntil,
  publishAll,
  publishTexts,
  texts,
} from './tools.ts';

export function faultContract(context: ContractContext, options: ContractOptions): void {
  describe.skipIf(options.optOuts?.restart !== undefined)('faults', () => {
    test('a kill under load loses nothing that was acknowledged, nor its order', async () => {
      const group = freshName('g');
      const topic = await freshTopic(context.broker, 2, [group]);
      const load = publishUntilStopped(context.broker, topic);
      await load.acknowledged(20);
      const broker = await context.restart();
      await load.stop();
      const after = await publishTexts(broker, topic, ['last']);
      expect(after).toHaveLength(1);
      const member = await broker.subscribe({ group, topics: [topic] });
      const durable = [...load.durable];
      const found = await pollUntil(member, (all) => hasAll(all, [...durable, 'last']));
      for (const partition of [0, 1]) {
        const here = firsts(found.filter((message) => message.partition === partition));
        const numbers = here.filter((text) => durable.includes(text)).map(Number);
        expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
      }
      await member.close();
    });

    test('what took effect and was not committed before a kill comes again', async () => {
      const group = freshName('g');
      const topic = await freshTopic(context.broker, 1, [group]);
      await publishTexts(context.broker, topic, numbered('m', 8));
      const member = await context.broker.subscribe({ group, topics: [topic] });
      const effects = await pollCount(member, 8);
      await commitAll(member, effects.slice(0, 3));
      const broker = await context.restart();
      await member.close().catch(() => {}); // It may have died with the broker, or live on.
      const again = await broker.subscribe({ group, topics: [topic] });
      const found = await pollCount(again, 5);
      expect(texts(found)).toEqual(numbered('m', 8).slice(3));
      await commitAll(again, found);
      await again.close();
    });
  });

  describe('aborts', () => {
    test('later publishes land in order, and an aborted one never behind a later one', async () => {
      const group = freshName('g');
      const topic = await freshTopic(context.broker, 1, [group]);
      const [refused, durable] = await publishWithAborts(context.broker, topic);
      await publishTexts(context.broker, topic, ['last']);
      const member = await context.broker.subscribe({ group, topics: [topic] });
      const found = texts(await pollUntil(member, (all) => hasAll(all, ['last']))).slice(0, -1);
      const numbers = found.map(Number);
      expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
      expect(found).toEqual(expect.arrayContaining(durable));
      expect(found.filter((text) => refused.includes(text))).toEqual([]);
      await member.close();
    });
  });

  describe('dead letters', () => {
    test('what is kept is read by no group, again and again, with its headers', async () => {
      const deadLetters = freshName('dead-letters');
      await context.broker.ensureTopics([{ name: deadLetters, partitions: 1, kept: true }]);
      const headers = { reason: 'undecodable ü', empty: '' };
      await publishAll(
        context.broker,
        numbered('dead letter', 5).map((text) =>
          messageOf(deadLetters, text, { key: text, headers }),
        ),
      );
      const [first] = [
        await readAll(context.broker, deadLetters),
        await readAll(context.broker, deadLetters),
      ];
      expect(texts(first)).toEqual(numbered('dead letter', 5));
      expect(first.map(({ key }) => key)).toEqual(numbered('dead letter', 5));
      for (const deadLetter of first) expect(deadLetter.headers).toMatchObject(headers);
      const third = first[2] as DeliveredMessage;
      expect(texts(await readAll(context.broker, deadLetters, third.position))).toEqual([
        'dead letter2',
        'dead letter3',
        'dead letter4',
      ]);
    });

    test.skipIf(options.optOuts?.restart !== undefined)(
      'they survive a kill of the broker',
      async () => {
        const deadLetters = freshName('dead-letters');
        await context.broker.ensureTopics([{ name: deadLetters, partitions: 1, kept: true }]);
        await publishTexts(context.broker, deadLetters, ['one', 'two']);
        const broker = await context.restart();
        expect(texts(await readAll(broker, deadLetters))).toEqual(['one', 'two']);
      },
    );
  });
}

async function readAll(broker: Broker, topic: string, position = 0): Promise<DeliveredMessage[]> {
  const found: DeliveredMessage[] = [];
  for await (const message of broker.read({ topic, partition: 0, position })) found.push(message);
  return found;
}

/** Numbers, every other one aborted: before, in the call, or a moment after. */
async function publishWithAborts(broker: Broker, topic: string): Promise<[string[], string[]]> {
  const byStatus: Record<string, string[]> = { refused: [], durable: [], unknown: [] };
  const calls: Promise<unknown>[] = [];
  const publish = async (text: string, abort?: AbortSignal) => {
    const [outcome] = await broker.publish([messageOf(topic, text)], abort);
    byStatus[outcome?.status as string]?.push(text);
    if (abort === undefined) expect(outcome?.status).toBe('durable');
  };
  for (let round = 0; round < 60; round += 1) {
    const abort = new AbortController();
    if (round % 5 === 0) abort.abort();
    calls.push(publish(String(round * 2), abort.signal));
    if (round % 5 > 1) await sleep(round % 5);
    abort.abort();
    calls.push(publish(String(round * 2 + 1)));
  }
  await Promise.all(calls);
  return [byStatus.refused as string[], byStatus.durable as string[]];
}

/** Numbers, by turns to two partitions, a few at a time; each tried once. */
function publishUntilStopped(broker: Broker, topic: string) {
  const durable: string[] = [];
  let stopped = false;
  let next = 0;
  const publish = async () => {
    const message = messageOf(topic, String(next), { partition: next % 2 });
    next += 1;
    const [outcome] = await broker.publish([message]);
    if (outcome?.status === 'durable') durable.push(Buffer.concat(message.value).toString());
  };
  const run = async () => {
    while (!stopped) {
      await Promise.all(Array.from({ length: 4 }, publish));
      await sleep(5);
    }
  };
  const running = run();
  return {
    durable,
    acknowledged: async (count: number) => {
      await until(() => durable.length >= count);
    },
    /** What a dead broker never answers is not waited for. */
    stop: async () => {
      stopped = true;
      await waitAtMost(running, { ms: 2_000 });
    },
  };
}

function hasAll(found: readonly DeliveredMessage[], wanted: readonly string[]): boolean {
  const there = new Set(texts(found));
  return wanted.every((text) => there.has(text));
}

/** Each text where it was first. */
function firsts(found: readonly DeliveredMessage[]): string[] {
  return [...new Set(texts(found))];
}
