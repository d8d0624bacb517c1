import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournal } from '@spillway/journal';
import { type Figure, figure, printFigures } from './measure.ts';

const entryBytes = 8_192;
const entries = 4_000;
const concurrencies = [1, 64];

/** Durable appends, beside the same bytes written and synced with nothing around them. */
export async function benchJournal(): Promise<void> {
  const figures: Figure[] = [];
  for (const concurrency of concurrencies) {
    figures.push(await appends(concurrency), floor(concurrency));
  }
  printFigures(
    `journal, entries of ${entryBytes} bytes, fsync before the answer`,
    'entry',
    figures,
  );
}

async function appends(concurrency: number): Promise<Figure> {
  const dir = mkdtempSync(join(tmpdir(), 'spillway-bench-'));
  const journal = await openJournal({ dir, bytesMax: 1_024 ** 3 });
  const payload = [Buffer.alloc(entryBytes, 7)];
  const startedAt = performance.now();
  const before = process.cpuUsage();
  let left = entries;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await journal.append(payload);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const { user, system } = process.cpuUsage(before);
  const rate = perSecond(startedAt);
  await journal.close();
  rmSync(dir, { recursive: true });
  return figure(`journal, ${concurrency} at once (${rate}/s)`, user + system, entries);
}

/** One write and one fdatasync per group of as many entries. */
function floor(concurrency: number): Figure {
  const dir = mkdtempSync(join(tmpdir(), 'spillway-bench-'));
  const file = openSync(join(dir, 'floor'), 'w');
  const group = Buffer.alloc(entryBytes * concurrency, 7);
  const startedAt = performance.now();
  const before = process.cpuUsage();
  for (let written = 0; written < entries; written += concurrency) {
    writeSync(file, group);
    fdatasyncSync(file);
  }
  const { user, system } = process.cpuUsage(before);
  const rate = perSecond(startedAt);
  closeSync(file);
  rmSync(dir, { recursive: true });
  return figure(`write and fdatasync alone (${rate}/s)`, user + system, entries);
}

function perSecond(startedAt: number): number {
  return Math.round(entries / ((performance.now() - startedAt) / 1_000));
}
