import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openJournal } from '../src/index.ts';
import { chanceOf } from './chance.ts';
import { failure, LossyFiles } from './lossy-files.ts';
import { readAll, textOf } from './tools.ts';

const dir = '/journal';
const lives = 4;
const writers = 3;

interface Conditions {
  seed: number;
  fsync: boolean;
  /** Of an operation on the disk failing. */
  faultChance: number;
}

test('every acknowledged entry survives power cuts, in order and once', async () => {
  const property = fc.asyncProperty(fc.integer(), (seed) =>
    survives({ seed, fsync: true, faultChance: 0 }),
  );
  await fc.assert(property, { numRuns: 60 });
});

test('so it does while writes and fsyncs fail, and nothing that was refused comes back', async () => {
  const property = fc.asyncProperty(fc.integer(), (seed) =>
    survives({ seed, fsync: true, faultChance: 0.08 }),
  );
  await fc.assert(property, { numRuns: 60 });
});

test('without fsync the same property fails: the disk below loses what was not synced', async () => {
  const property = fc.asyncProperty(fc.integer(), (seed) =>
    survives({ seed, fsync: false, faultChance: 0 }),
  );
  expect((await fc.check(property, { numRuns: 50 })).failed).toBe(true);
});

/** Throws when a promise is broken. */
async function survives({ seed, fsync, faultChance }: Conditions): Promise<void> {
  const chance = chanceOf(seed);
  const files = new LossyFiles(chance);
  const acknowledged = new Map<number, string>();
  const refused = new Set<string>();
  let id = 0;
  const faulty: LossyFiles['fault'] = (operation, path) => {
    if (operation === 'read' || chance.next() >= faultChance) return undefined;
    const code = chance.next() < 0.5 ? 'ENOSPC' : 'EIO';
    return { error: failure(code, path), bytesWritten: Math.floor(chance.next() * 200) };
  };

  for (let life = 0; life < lives; life += 1) {
    files.fault = () => undefined;
    const journal = await openJournal({ dir, files, fsync, bytesMax: 1e9, segmentBytes: 2_000 });
    check(await readAll(journal), acknowledged, refused);
    files.fault = faulty;
    for (let writer = 0; writer < writers; writer += 1) void write();
    for (let turns = chance.next() * 150; turns > 0; turns -= 1) await turn();
    if (chance.next() < 0.8) files.powerCut();
    else files.kill();

    async function write(): Promise<void> {
      for (;;) {
        const own = String(id++).padStart(6, '0');
        const padding = Buffer.alloc(Math.floor(chance.next() ** 3 * 1_500), own);
        const outcome = await journal.append([Buffer.from(own), padding]);
        if (outcome.status === 'durable') acknowledged.set(outcome.sequence, own);
        if (outcome.status === 'refused') refused.add(own);
      }
    }
  }
}

function check(
  entries: Awaited<ReturnType<typeof readAll>>,
  acknowledged: ReadonlyMap<number, string>,
  refused: ReadonlySet<string>,
): void {
  const found = new Map(entries.map((entry) => [entry.sequence, textOf(entry).slice(0, 6)]));
  for (const [sequence, own] of acknowledged) {
    if (found.get(sequence) !== own) throw new Error(`Entry ${sequence} (${own}) is lost`);
  }
  const order = [...found.values()];
  for (const [index, own] of order.entries()) {
    if (refused.has(own)) throw new Error(`${own} was refused, and came back`);
    if (index > 0 && own <= (order[index - 1] as string)) throw new Error(`${own} is out of order`);
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
