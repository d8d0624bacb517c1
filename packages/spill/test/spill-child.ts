/** Appends and drains until it is killed; tells what is acknowledged and what is done on stdout. */
import { writeSync } from 'node:fs';
import { openSpill } from '../src/index.ts';
import { message, sequencesOf, topic } from './tools.ts';

const [dir, from] = process.argv.slice(2);
const options = { dir: dir as string, gateway: 'gw-1', bytesMax: 1e9, segmentBytes: 100_000 };
const spill = await openSpill(options);
const partitions = 4;
let number = Number(from);
writeSync(1, 'open\n');

async function append(): Promise<void> {
  for (;;) {
    const own = [0, 1, 2].map(() => {
      number += 1;
      return number;
    });
    const outcome = await spill.append(own.map((n) => message(n % partitions, n, (n * 37) % 900)));
    if (outcome.status !== 'durable') throw new Error(outcome.message);
    writeSync(1, `appended ${own.join(' ')}\n`);
  }
}

async function drain(partition: number): Promise<void> {
  for (;;) {
    const messages = await spill.next({ topic, partition }, 5_000);
    // On "the broker" first: a kill between the two hands them out again.
    if (messages.length > 0) writeSync(1, `drained ${sequencesOf(messages).join(' ')}\n`);
    await spill.done(messages);
    await new Promise((resolve) => setTimeout(resolve, partition));
  }
}

// The last partition is never drained.
const drains = [0, 1, 2].map((partition) => drain(partition));
await Promise.all([...Array.from({ length: 8 }, append), ...drains]);
