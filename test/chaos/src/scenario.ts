import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosLab } from './chaos-lab.ts';
import { isAboutOrder, type Tally, tallyOf } from './check/tally.ts';
import type { TimedFault } from './faults/fault.ts';
import { MemoryWatch } from './faults/memory-watch.ts';
import { messagesTwice, topicEnds } from './faults/topic-copies.ts';
import { untilCaughtUp } from './load/caught-up.ts';
import { Load, type LoadShape, usualLoad } from './load/run-load.ts';
import type { SenderLog } from './load/sender-file.ts';

export interface Scenario {
  /** Short, unlike any other of its run. */
  name: string;
  faults: readonly TimedFault[];
  load?: Partial<LoadShape>;
  /** The number of partitions changes: across that, no order is promised. */
  reorders?: boolean;
  /** What comes late comes after its partition was fenced: no topic may hold a message twice. */
  once?: boolean;
}

export interface Outcome {
  tally: Tally;
  /** Each broken promise in words; none is the promise kept. */
  violations: string[];
  answers: Map<string, number>;
  memoryGrowthBytes: number;
}

/** Without any progress for so long, something is stuck. */
const stallMs = 60_000;
/** What is read begins so much earlier: a gateway's clock may be behind. */
const clockErrorMs = 180_000;
const mebibyte = 1_048_576;
/** A gateway holds at most 96 MiB for the broker; the heap that V8 has not collected is on top. */
const memoryGrowthBytesMax = 256 * mebibyte;

/** Load, faults, repair, load again, and the count when all has come to rest. */
export async function runScenario(
  lab: ChaosLab,
  { name, faults, load: shape, reorders = false, once = false }: Scenario,
  random: () => number,
): Promise<Outcome> {
  const sinceMs = Date.now() - clockErrorMs;
  const { kafka = [] } = lab.direct;
  const ends = once ? await topicEnds(kafka) : undefined;
  const load = new Load(lab, { name, shape: { ...usualLoad, ...shape }, random });
  const violations: string[] = [];
  const progresses = async (when: string): Promise<void> => {
    if (await load.progresses({ requests: 3, stallMs })) return;
    violations.push(`senders are stuck ${when}`);
  };
  await progresses('before any fault');
  const memory = new MemoryWatch(lab.gateways);
  await Promise.all(
    faults.map(async ({ fault, afterMs, forMs }) => {
      await sleep(afterMs);
      const heal = await fault.begin(lab, random);
      await sleep(forMs);
      await heal();
    }),
  );
  await progresses('after the repair');
  const logs = await load.end();
  const left = await untilCaughtUp(lab, { sinceMs, stallMs });
  if (left !== undefined) violations.push(`does not catch up: ${left}`);
  const memoryGrowthBytes = memory.end();
  if (memoryGrowthBytes > memoryGrowthBytesMax) {
    violations.push(`a gateway grew by ${Math.round(memoryGrowthBytes / mebibyte)} MiB`);
  }
  const answers = answersOf(logs);
  violations.push(...wrongAnswers(answers, faults));
  const { ledger } = await lab.audit(sinceMs);
  const counts = await lab.count({ sinceMs, logs });
  const counted = tallyOf(logs, counts, ledger.totals.unaccounted ?? Number.NaN);
  violations.push(...counted.violations.filter((text) => !reorders || !isAboutOrder(text)));
  const twice = ends ? await messagesTwice(kafka, ends) : [];
  if (twice.length > 0) {
    violations.push(`twice on their topic: ${twice.length} (${twice.slice(0, 3)})`);
  }
  return { tally: counted.tally, violations, answers, memoryGrowthBytes };
}

function answersOf(logs: readonly SenderLog[]): Map<string, number> {
  const all = new Map<string, number>();
  for (const { answers } of logs) {
    for (const [answer, times] of answers) all.set(answer, (all.get(answer) ?? 0) + times);
  }
  return all;
}

/** Clients see 200, or 503 with Retry-After; never a 500, and silence only from the dead. */
function wrongAnswers(
  answers: ReadonlyMap<string, number>,
  faults: readonly TimedFault[],
): string[] {
  const shown = faults.map(({ fault }) => fault.shows);
  const isSilenceFine = shown.includes('cuts');
  const isRefusalFine = isSilenceFine || shown.includes('refuses');
  const isFine = (answer: string): boolean => {
    if (answer === '200') return true;
    if (answer === '503') return isRefusalFine;
    return isSilenceFine && !/^\d/.test(answer);
  };
  return [...answers]
    .filter(([answer]) => !isFine(answer))
    .map(([answer, times]) => `answered ${answer}: ${times} times`);
}
