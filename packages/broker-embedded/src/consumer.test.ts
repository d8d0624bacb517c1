import { LossyFiles } from '@spillway/journal/lossy-files';
import { expect, test } from 'vitest';
import { createEmbeddedBroker } from './index.ts';

test('what a poll was reading when its partition was moved or paused is not delivered', async () => {
  const broker = createEmbeddedBroker({ dir: '/broker', files: new LossyFiles() });
  await broker.start();
  const topic = 'otlp_logs';
  const at = { topic, partition: 0 };
  await broker.ensureTopics([{ name: topic, partitions: 1 }]);
  const message = { ...at, key: '', headers: {}, value: [Buffer.from('m')] };
  await broker.publish([message, message, message, message]);
  const member = await broker.subscribe({ group: 'g', topics: [topic] });
  const poll = (waitMs = 1_000) =>
    member.poll({ bytesMax: 1_000, waitMs, abort: new AbortController().signal });
  const positions = async (polled: ReturnType<typeof poll>) =>
    (await polled).map(({ position }) => position);
  const sought = poll();
  await member.seek({ ...at, position: 2 });
  expect(await positions(sought)).toEqual([2, 3]);
  await member.seek({ ...at, position: 1 });
  const paused = poll(0);
  member.pause([at]);
  expect(await positions(paused)).toEqual([]);
  member.resume([at]);
  expect(await positions(poll())).toEqual([1, 2, 3]);
  await broker.stop();
});
