import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../corpus', import.meta.url));

/** Inputs that once found a fault, or reach what the seeds do not: each is a file. */
export function readCorpus(target: string): Buffer[] {
  const dir = join(folder, target);
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .sort()
    .map((name) => readFileSync(join(dir, name)));
}

/** Named by its content. Gives the file's path. */
export function keepInput(dir: string, input: Uint8Array, prefix = ''): string {
  mkdirSync(dir, { recursive: true });
  const digest = createHash('sha256').update(input).digest('hex').slice(0, 16);
  const path = join(dir, `${prefix}${digest}`);
  writeFileSync(path, input);
  return path;
}

export function corpusFolder(target: string): string {
  return join(folder, target);
}
