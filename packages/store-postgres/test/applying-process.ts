/** Applies batches until it is killed, and says after each one how many are applied. */
import { TestRecords } from '@spillway/store/contract';
import { createPostgresStore } from '../src/index.ts';

const [dir, epoch] = process.argv.slice(2) as [string, string];
const store = createPostgresStore({ dir, retentionMs: 7 * 86_400_000 });
await store.start();
const gateway = `gw-${epoch}`;
const records = new TestRecords({ tenant: gateway, gateway, partition: Number(epoch) });
for (let batches = 1; ; batches++) {
  const spans = () => Array.from({ length: 20 }, () => records.span());
  await store.apply(Array.from({ length: 5 }, () => records.message(spans())));
  process.stdout.write(`${batches}\n`);
}
