import { parseArgs } from 'node:util';
import { attacks } from './attacks/index.ts';

export interface SiegeArguments {
  /** Of each attack. */
  minutes: number;
  memoryMiB: number;
  atOnce: number;
  only?: RegExp | undefined;
}

export const usage = `npm run siege -- [options]

Starts Spillway with everything embedded in a control group of the kernel, as a container has it, and attacks it:
each attack for itself, for some minutes. Then it must be alive, have refused nothing to another tenant's client,
account for every record, and start again after kill -9. Takes root. Exits 1 when one of that does not hold.

  --minutes N     of each attack (default 10)
  --memory MIB    of the control group (default 512)
  --at-once N     so many attacks at a time, each on a Spillway of its own (default 1)
  --only REGEX    only the attacks whose name matches
  --help

Attacks:
${attacks.map(({ name, what }) => `  ${name.padEnd(30)}${what}`).join('\n')}`;

/** Undefined for --help. Throws for what it does not know. */
export function readArguments(words: readonly string[]): SiegeArguments | undefined {
  const { values } = parseArgs({
    args: [...words],
    options: {
      minutes: { type: 'string', default: '10' },
      memory: { type: 'string', default: '512' },
      'at-once': { type: 'string', default: '1' },
      only: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    minutes: positive('minutes', values.minutes),
    memoryMiB: positive('memory', values.memory),
    atOnce: positive('at-once', values['at-once']),
    only: values.only === undefined ? undefined : new RegExp(values.only),
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new Error(`--${name}: wanted a number above 0, got ${text}`);
}
