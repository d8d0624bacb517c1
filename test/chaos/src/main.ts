/** `npm run chaos`: breaks a real Spillway on real servers, and counts what is left. */
import { messageOf } from '@spillway/resilience';
import { type BrokerKind, type ChaosArguments, readArguments, usage } from './arguments.ts';
import { ChaosLab } from './chaos-lab.ts';
import { ledgerLines, outcomeLine } from './check/report.ts';
import { seededRandom } from './random.ts';
import { randomScenarios } from './random-scenarios.ts';
import { type Outcome, runScenario, type Scenario } from './scenario.ts';
import { scripted } from './scenarios.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const interruption = new AbortController();

async function main(): Promise<void> {
  const chosen = readArguments(process.argv.slice(2));
  if (!chosen) return say(usage);
  checkOnly(chosen);
  say(`seed ${chosen.seed}`);
  const outcomes: Outcome[] = [];
  for (const broker of chosen.brokers) {
    if (interruption.signal.aborted) break;
    outcomes.push(...(await runOn(broker, chosen)));
  }
  for (const line of ledgerLines(outcomes)) say(line);
  // Faults and senders that were under way would hold it up.
  if (interruption.signal.aborted) process.exit(1);
  if (outcomes.some(({ violations }) => violations.length > 0)) process.exitCode = 1;
}

async function runOn(broker: BrokerKind, chosen: ChaosArguments): Promise<Outcome[]> {
  // Apart from the chance of the senders, whose turns are not the same in two runs.
  const plan = seededRandom(chosen.seed);
  const random = seededRandom(chosen.seed + 1);
  const { minutes, only } = chosen;
  say(`starting the servers, with ${broker}`);
  const lab = await ChaosLab.start({ broker });
  // What is under way fails then; what was counted so far is told.
  const interrupt = (): void => {
    interruption.abort();
    void lab.close();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);
  const outcomes: Outcome[] = [];
  const deadline = performance.now() + (minutes ?? Number.POSITIVE_INFINITY) * 60_000;
  try {
    const scenarios: Iterable<Scenario> =
      minutes === undefined
        ? scripted[broker].filter(({ name }) => !only || only.test(name))
        : randomScenarios(broker, plan);
    for (const scenario of scenarios) {
      if (performance.now() > deadline || interruption.signal.aborted) break;
      say(`${scenario.name}: ${describe(scenario)}`);
      const outcome = await runScenario(lab, scenario, random);
      say(outcomeLine(outcome));
      outcomes.push(outcome);
    }
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupt);
    await lab.close();
  }
  if (interruption.signal.aborted) say(`interrupted on ${broker}`);
  return outcomes;
}

/** Nothing broken in nothing would look like a good run. */
function checkOnly({ brokers, only }: ChaosArguments): void {
  const names = brokers.flatMap((broker) => scripted[broker].map(({ name }) => name));
  if (!only || names.some((name) => only.test(name))) return;
  throw new Error(`--only: no scenario matches ${only.source}; there are ${names.join(', ')}`);
}

function describe({ faults }: Scenario): string {
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
  return faults
    .map(({ fault, afterMs, forMs }) => {
      const when = afterMs > 0 ? ` after ${seconds(afterMs)}` : '';
      return `${fault.name}${when} for ${seconds(forMs)}`;
    })
    .join('; ');
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}
