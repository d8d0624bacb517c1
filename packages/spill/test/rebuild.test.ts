import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { openSpill } from '../src/index.ts';
import { message, sequencesOf, topic } from './tools.ts';

const count = 200_000;
const partitions = 50;
const group = 1_000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Outside of the heap, where the index is. */
function heldBytes(): number {
  collect();
  return process.memoryUsage().arrayBuffers;
}

test('200,000 waiting messages are known again after a restart, in 32 bytes each', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'spill-rebuild-'));
  const options = { dir, gateway: 'gw-1', bytesMax: 1e9, fsync: false };
  try {
    const filled = await openSpill(options);
    for (let from = 0; from < count; from += group) {
      const messages = Array.from({ length: group }, (_, i) =>
        message((from + i) % partitions, Math.floor((from + i) / partitions) + 1),
      );
      expect(await filled.append(messages)).toEqual({ status: 'durable' });
    }
    await filled.close();
    const before = heldBytes();
    const spill = await openSpill(options);
    expect(spill.stats().messages).toBe(count);
    const perPartition = count / partitions;
    expect(spill.inventory().waiting).toHaveLength(partitions);
    expect(spill.inventory().waiting[7]).toMatchObject({ from: 1, to: perPartition });
    expect(heldBytes() - before).toBeLessThan(32 * count);
    const found = await spill.next({ topic, partition: 7 }, 1e9);
    expect(sequencesOf(found)).toHaveLength(perPartition);
    await spill.done(found);
    expect(spill.stats().messages).toBe(count - perPartition);
    await spill.close();
  } finally {
    await rm(dir, { recursive: true });
  }
});
