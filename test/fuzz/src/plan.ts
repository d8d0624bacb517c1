import { doors } from './doors/index.ts';
import { targetNames } from './targets/index.ts';

/** Shares of a run, out of all of them together: as fast as it goes, and as much as there is to find. */
const shares: Readonly<Record<string, number>> = {
  'otlp-protobuf': 300,
  'otlp-json': 260,
  inflate: 90,
  config: 10,
  keys: 10,
  journal: 40,
  spill: 24,
  topic: 100,
  stores: 1,
  notes: 1,
  'http-bodies': 70,
  'http-streams': 24,
  'http2-frames': 24,
  grpc: 26,
  query: 8,
};
const whole = Object.values(shares).reduce((sum, share) => sum + share, 0);

export interface Planned {
  name: string;
  inputs: number;
}

export function plan(inputs: number, only?: string): { inside: Planned[]; doors: Planned[] } {
  const planned = (names: readonly string[]): Planned[] => {
    const wanted = names.filter((name) => only === undefined || name === only);
    return wanted.map((name) => {
      const share = only === undefined ? (shares[name] as number) / whole : 1;
      return { name, inputs: Math.ceil(inputs * share) };
    });
  };
  return { inside: planned(targetNames), doors: planned(doors.map(({ name }) => name)) };
}

export const allNames: readonly string[] = [...targetNames, ...doors.map(({ name }) => name)];
