import { availableParallelism } from 'node:os';
import { corpusFolder, keepInput } from './corpus.ts';
import type { Door } from './doors/door.ts';
import { doors } from './doors/index.ts';
import { causeOf, type Finding } from './finding.ts';
import { plan } from './plan.ts';
import { runDoors } from './run-doors.ts';
import { runInside, type Total } from './run-inside.ts';

export interface FuzzOptions {
  inputs: number;
  seed: number;
  target?: string | undefined;
  input?: Uint8Array | undefined;
  keep: boolean;
  /** Folder for the inputs of findings. */
  findings: string;
  say: (line: string) => void;
}

export interface Outcome {
  totals: Total[];
  /** One per cause. */
  findings: Finding[];
}

/** Progress is told about this often. */
const sayEveryMs = 10_000;
/** Of a target, so many inputs are kept at most, the smallest. */
const keptMax = 40;
const keptBytesMax = 2_048;

/** A whole run: the doors of one running Spillway, and beside them each target in a process of its own. */
export async function fuzz(options: FuzzOptions): Promise<Outcome> {
  const { inputs, seed, target, input, say } = options;
  const planned = plan(input ? 1 : inputs, target);
  const outcome: Outcome = { totals: [], findings: [] };
  const hooks = hooksOf(options, outcome);
  const add = (total: Total): void => {
    outcome.totals.push(total);
    say(lineOf(total));
  };
  const visits = planned.doors.map(({ name, inputs: share }) => {
    const door = doors.find((known) => known.name === name) as Door;
    return { door, inputs: share };
  });
  const throughDoors = async (): Promise<void> => {
    const { totals, audit } = await runDoors({ doors: visits, seed, input, ...hooks });
    for (const total of totals) add(total);
    say(audit);
  };
  const inside = planned.inside.map(({ name, inputs: share }) => async () => {
    add(await runInside({ target: name, seed, inputs: share, input, ...hooks }));
  });
  await inLanes(visits.length > 0 ? [throughDoors, ...inside] : inside);
  if (options.keep) for (const total of outcome.totals) keep(total);
  return outcome;
}

/** Runs the jobs in their order, one for each of two processors at a time. */
async function inLanes(jobs: readonly (() => Promise<void>)[]): Promise<void> {
  const left = jobs.values();
  const lane = async (): Promise<void> => {
    for (const job of left) await job();
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, lane));
}

function hooksOf(options: FuzzOptions, { findings }: Outcome) {
  const causes = new Map<string, number>();
  let saidMs = performance.now();
  return {
    onFinding(finding: Finding): void {
      const cause = causeOf(finding);
      const times = (causes.get(cause) ?? 0) + 1;
      causes.set(cause, times);
      if (times > 1) return;
      findings.push(finding);
      tell(finding, options);
    },
    onProgress(total: Total): void {
      if (performance.now() - saidMs < sayEveryMs) return;
      saidMs = performance.now();
      options.say(`… ${lineOf(total)}`);
    },
  };
}

function tell(finding: Finding, { findings: dir, say }: FuzzOptions): void {
  const { target, kind, message, seed, inputs, input } = finding;
  say(`FINDING ${kind} at ${target}, seed ${seed}, after ${inputs} inputs: ${message}`);
  if (input === undefined) return;
  const path = keepInput(dir, input, `${target}-${kind}-`);
  say(`  npm run fuzz -- --target ${target} --input ${path}`);
}

function lineOf({ target, inputs, outcomes, places }: Total): string {
  const classes = Object.entries(outcomes).map(([name, count]) => `${name} ${count}`);
  return `${target}: ${inputs} inputs, ${places} places; ${classes.join(', ')}`;
}

function keep({ target, kept }: Total): void {
  const small = kept.filter(({ length }) => length <= keptBytesMax);
  const smallest = small.toSorted((a, b) => a.length - b.length).slice(0, keptMax);
  for (const input of smallest) keepInput(corpusFolder(target), input);
}
