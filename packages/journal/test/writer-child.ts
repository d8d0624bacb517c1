/** Appends until it is killed; tells each acknowledged entry on stdout: sequence and number. */
import { writeSync } from 'node:fs';
import { openJournal } from '../src/index.ts';

const [dir, from] = process.argv.slice(2);
const journal = await openJournal({ dir: dir as string, bytesMax: 1e9, segmentBytes: 20_000 });
let number = Number(from);

async function write(): Promise<void> {
  for (;;) {
    const own = number++;
    const outcome = await journal.append([Buffer.from(`${own} `), Buffer.alloc((own * 37) % 900)]);
    if (outcome.status !== 'durable') throw new Error(outcome.message);
    writeSync(1, `${outcome.sequence} ${own}\n`);
  }
}

await Promise.all(Array.from({ length: 16 }, write));
