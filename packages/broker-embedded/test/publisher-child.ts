/** Publishes, polls and commits until it is killed; tells what was acknowledged and committed. */
import { writeSync } from 'node:fs';
import { createEmbeddedBroker } from '../src/index.ts';

const [dir, from] = process.argv.slice(2);
const topic = 'otlp_logs';
const signal = new AbortController().signal;
const broker = createEmbeddedBroker({ dir: dir as string, segmentBytes: 20_000 });
await broker.start();
await broker.ensureTopics([{ name: topic, partitions: 2 }]);
const member = await broker.subscribe({ group: 'g', topics: [topic] });
let number = Number(from);

async function publish(): Promise<void> {
  for (;;) {
    const own = number++;
    const value = [Buffer.from(String(own))];
    const message = { topic, partition: own % 2, key: '', headers: {}, value };
    const [outcome] = await broker.publish([message]);
    if (outcome?.status === 'durable') writeSync(1, `published ${own}\n`);
  }
}

async function consume(): Promise<void> {
  for (;;) {
    const messages = await member.poll({ bytesMax: 2_000, waitMs: 1_000, abort: signal });
    for (const { value } of messages) writeSync(1, `polled ${Buffer.from(value)}\n`);
    await member.commit(messages);
  }
}

await Promise.all([...Array.from({ length: 8 }, publish), consume()]);
