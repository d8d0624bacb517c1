import { parseArgs } from 'node:util';
import { allNames } from './plan.ts';

export interface FuzzArguments {
  inputs: number;
  seed: number;
  target?: string | undefined;
  /** A file with one input, or a batch: it alone is tried. */
  input?: string | undefined;
  /** Keeps in `test/fuzz/corpus` what reached something new. */
  keep: boolean;
  findings: string;
}

export const usage = `npm run fuzz -- [options]

Gives mutated inputs to every way into Spillway, until all are tried; exits 1 on a finding.

  --inputs N      how many, over all targets (default 1000000; the long run is 10000000)
  --target NAME   only this one: ${allNames.join(', ')}
  --seed N        repeats a run (default: chosen, and printed)
  --input FILE    only this input; needs --target
  --keep          adds inputs that reached something new to test/fuzz/corpus
  --findings DIR  where inputs of findings are written (default: test/fuzz/findings)
  --help`;

/** Undefined for --help. Throws for what it does not know. */
export function readArguments(words: readonly string[]): FuzzArguments | undefined {
  const { values } = parseArgs({
    args: [...words],
    options: {
      inputs: { type: 'string', default: '1000000' },
      target: { type: 'string' },
      seed: { type: 'string' },
      input: { type: 'string' },
      keep: { type: 'boolean', default: false },
      findings: { type: 'string', default: 'test/fuzz/findings' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const { target, input, keep, findings } = values;
  if (target !== undefined && !allNames.includes(target)) {
    throw new Error(`--target: wanted one of ${allNames.join(', ')}, got ${target}`);
  }
  if (input !== undefined && target === undefined) {
    throw new Error('--input: wanted with --target, got no target');
  }
  const seed = values.seed ?? String(Math.floor(Math.random() * 2 ** 31));
  return {
    inputs: whole('inputs', values.inputs),
    seed: whole('seed', seed),
    target,
    input,
    keep,
    findings,
  };
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new Error(`--${name}: wanted a whole number, got ${text}`);
}
