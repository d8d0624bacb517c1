/** Applies a message of ten spans after the other and prints each position once it is applied. */
import { topicOf } from '@spillway/broker';
import { TestRecords } from '@spillway/store/contract';
import { createDuckdbSearchStore } from '../src/index.ts';

const [, , dir = ''] = process.argv;
const store = createDuckdbSearchStore({ dir });
await store.start();
const [next] =
  (await store.capabilities.nextPositions?.([{ topic: topicOf.traces, partition: 0 }])) ?? [];
const records = new TestRecords({ epoch: (next?.position ?? 0) + 1 });
for (let position = next?.position ?? 0; ; position++) {
  const spans = Array.from({ length: 10 }, (_, i) => records.span({ name: `${position}/${i}` }));
  await store.apply([records.message(spans, { position })]);
  process.stdout.write(`${position + 1}\n`);
}
