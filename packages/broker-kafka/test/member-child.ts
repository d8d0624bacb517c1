import { createKafkaBroker } from '../src/index.ts';
import type { MemberOptions } from './member.ts';
import { optionsOf } from './options.ts';

const { bootstrap, driver, group, topic } = JSON.parse(process.argv[2] ?? '{}') as MemberOptions;
const broker = createKafkaBroker(optionsOf(bootstrap, driver as 'kafkajs'));
await broker.start();
const member = await broker.subscribe({ group, topics: [topic] });
const { signal } = new AbortController();
for (let polled = 0; ; ) {
  polled += (await member.poll({ bytesMax: 1_000_000, waitMs: 1_000, abort: signal })).length;
  process.stdout.write(`${polled}\n`);
}
