import { describe, expect, test } from 'vitest';
import type { ContractContext, ContractOptions } from './context.ts';
import {
  freshName,
  freshTopic,
  messageOf,
  numbered,
  pollCount,
  publishAll,
  publishTexts,
  texts,
} from './tools.ts';

export function publishingContract(context: ContractContext, options: ContractOptions): void {
  describe('publishing', () => {
    test.skipIf(options.optOuts?.restart !== undefined)(
      'what was acknowledged is there after a kill and a new start',
      async () => {
        const group = freshName('g');
        const topic = await freshTopic(context.broker, 2, [group]);
        const wanted = numbered('m', 40);
        await publishAll(
          context.broker,
          wanted.map((text, index) => messageOf(topic, text, { partition: index % 2 })),
        );
        const broker = await context.restart();
        expect(await broker.topics()).toContainEqual({ name: topic, partitions: 2 });
        const member = await broker.subscribe({ group, topics: [topic] });
        const found = await pollCount(member, wanted.length);
        for (const partition of [0, 1]) {
          const here = found.filter((message) => message.partition === partition);
          expect(texts(here)).toEqual(wanted.filter((_, index) => index % 2 === partition));
        }
      },
    );

    test('messages of a partition are read in the order of the publish calls', async () => {
      const group = freshName('g');
      const topic = await freshTopic(context.broker, 2, [group]);
      const publishers = ['a', 'b', 'c', 'd'];
      const per = 25;
      await Promise.all(
        publishers.map(async (name) => {
          const calls = [];
          // Not awaited one by one: the order is that of the calls.
          for (const text of numbered(name, per)) {
            const both = [0, 1].map((partition) =>
              messageOf(topic, text, { partition, key: name }),
            );
            calls.push(publishAll(context.broker, both));
          }
          await Promise.all(calls);
        }),
      );
      const member = await context.broker.subscribe({ group, topics: [topic] });
      const found = await pollCount(member, publishers.length * per * 2);
      for (const partition of [0, 1]) {
        const here = found.filter((message) => message.partition === partition);
        for (const name of publishers) {
          const ofOne = here.filter((message) => message.key === name);
          expect(texts(ofOne)).toEqual(numbered(name, per));
        }
        const positions = here.map((message) => message.position);
        expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
      }
    });

    test('keys, headers and values come back byte by byte', async () => {
      const group = freshName('g');
      const topic = await freshTopic(context.broker, 1, [group]);
      const large = Buffer.alloc(1024 * 1024, 7);
      for (let index = 0; index < large.length; index += 1) large[index] = index % 251;
      const values = [
        [],
        [Buffer.alloc(0)],
        [Buffer.from([0, 255, 128]), Buffer.alloc(0), Buffer.from([10, 13, 0])],
        [large.subarray(0, 300_000), large.subarray(300_000)],
      ];
      const headers = { 'spillway-tenant': 'tenant ü 🚰', empty: '', quoted: '"\\\n' };
      const sent = values.map((value, index) =>
        messageOf(topic, '', { value, headers, key: `key ü ${index}` }),
      );
      const before = Date.now();
      const positions = await publishAll(context.broker, sent);
      const member = await context.broker.subscribe({ group, topics: [topic] });
      const found = await pollCount(member, sent.length);
      for (const [index, message] of found.entries()) {
        expect(message).toMatchObject({ topic, partition: 0, key: `key ü ${index}`, headers });
        expect(Buffer.concat(values[index] ?? []).equals(message.value)).toBe(true);
        if (positions[index] !== undefined) expect(message.position).toBe(positions[index]);
        // Clocks of two machines may differ; a unit mistaken would not pass.
        expect(Math.abs(message.timestampMs - before)).toBeLessThan(10 * 60_000);
      }
    });

    test('an unknown topic or partition is refused for ever, and the others are taken', async () => {
      const group = freshName('g');
      const topic = await freshTopic(context.broker, 1, [group]);
      const outcomes = await context.broker.publish([
        messageOf(topic, 'first'),
        messageOf(freshName('nowhere'), 'lost'),
        messageOf(topic, 'lost', { partition: 7 }),
        messageOf(topic, 'second'),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual([
        'durable',
        'refused',
        'refused',
        'durable',
      ]);
      expect(outcomes[1]).toMatchObject({ code: 'unknown-topic', retryable: false });
      expect(outcomes[2]).toMatchObject({ code: 'unknown-topic', retryable: false });
      const member = await context.broker.subscribe({ group, topics: [topic] });
      expect(texts(await pollCount(member, 2))).toEqual(['first', 'second']);
    });

    test('a message too large is refused for ever, and its neighbours are taken', async () => {
      const topic = await freshTopic(context.broker, 1, [freshName('g')]);
      const value = [Buffer.alloc(options.valueBytesMax + 1)];
      const [before, large, after] = await context.broker.publish([
        messageOf(topic, 'before'),
        messageOf(topic, '', { value }),
        messageOf(topic, 'after'),
      ]);
      expect(large).toMatchObject({ status: 'refused', code: 'too-large', retryable: false });
      expect([before?.status, after?.status]).toEqual(['durable', 'durable']);
    });

    test('a dead letter goes to its topic with its headers and comes back', async () => {
      const group = freshName('g');
      const source = await freshTopic(context.broker, 1, [group]);
      const deadLetters = await freshTopic(context.broker, 1, [group]);
      await publishTexts(context.broker, source, ['good', 'poison']);
      const member = await context.broker.subscribe({ group, topics: [source] });
      const poison = (await pollCount(member, 2))[1];
      if (poison === undefined) throw new Error('unreachable');
      const headers = { ...poison.headers, reason: 'undecodable', position: `${poison.position}` };
      const deadLetter = { topic: deadLetters, partition: 0, key: poison.key, headers };
      await publishAll(context.broker, [{ ...deadLetter, value: [poison.value] }]);
      await member.commit([poison]);
      const reader = await context.broker.subscribe({ group, topics: [deadLetters] });
      const [found] = await pollCount(reader, 1);
      expect(found).toMatchObject({ topic: deadLetters, key: poison.key, headers });
      expect(texts([found as typeof poison])).toEqual(['poison']);
      await Promise.all([member.close(), reader.close()]);
    });
  });
}
