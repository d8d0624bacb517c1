/** `npm run fuzz`: mutated inputs at every way into Spillway. */
import { readFileSync } from 'node:fs';
import { readArguments, usage } from './arguments.ts';
import { fuzz } from './fuzz.ts';
import { tableOf } from './report.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const chosen = readArguments(process.argv.slice(2));
  if (!chosen) return say(usage);
  const { input: file, ...options } = chosen;
  say(`seed ${options.seed}`);
  const input = file === undefined ? undefined : readFileSync(file);
  const outcome = await fuzz({ ...options, input, say });
  say(tableOf(outcome));
  if (outcome.findings.length > 0) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : error}\n`);
  process.exitCode = 2;
}
