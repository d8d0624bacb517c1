/** `npm run siege`: each attack for minutes, in as little memory as Spillway is said to need. */
import { messageOf } from '@spillway/resilience';
import { readArguments, type SiegeArguments, usage } from './arguments.ts';
import { attacks } from './attacks/index.ts';
import { type Withstood, withstand } from './withstand.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const chosen = readArguments(process.argv.slice(2));
  if (!chosen) return say(usage);
  const results = await all(chosen);
  const failed = results.filter(({ failure }) => failure !== undefined).length;
  say(`${results.length - failed} withstood, ${failed} failed`);
  if (failed > 0 || results.length === 0) process.exitCode = 1;
}

async function all(chosen: SiegeArguments): Promise<Withstood[]> {
  const { only, minutes, memoryMiB, atOnce } = chosen;
  const left = attacks.filter(({ name }) => !only || only.test(name)).values();
  const results: Withstood[] = [];
  const lane = async (): Promise<void> => {
    for (const attack of left) {
      say(`${attack.name}: ${attack.what}; ${minutes} minutes in ${memoryMiB} MiB`);
      const result = await withstand(attack, chosen);
      say(lineOf(result));
      results.push(result);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return results;
}

function lineOf({ attack, peakMiB, canary, totals, failure }: Withstood): string {
  if (failure !== undefined) return `${attack}: FAILED: ${failure}`;
  const { accepted = 0, deadLettered = 0, expired = 0, unaccounted = 0 } = totals;
  return (
    `${attack}: withstood, and started again; at most ${peakMiB} MiB resident; ` +
    `canary: ${canary.sent} sent, all accepted, the slowest after ${canary.slowestMs} ms; ` +
    `records: ${accepted} accepted, ${deadLettered} dead letters, ${expired} expired, ${unaccounted} unaccounted`
  );
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 2;
}
