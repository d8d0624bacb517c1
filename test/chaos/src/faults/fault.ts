import type { ChaosLab } from '../chaos-lab.ts';

/** Something that breaks. */
export interface Fault {
  name: string;
  /**
   * - `refuses`: clients may see 503, always with a Retry-After.
   * - `cuts`: what they talk to dies or freezes, so they may see resets and silence too.
   */
  shows: 'nothing' | 'refuses' | 'cuts';
  /** Resolves once it is broken, with what repairs it. */
  begin(lab: ChaosLab, random: () => number): Promise<() => Promise<unknown>>;
}

/** For load alone. */
export const calm: Fault = {
  name: 'nothing breaks',
  shows: 'nothing',
  begin: async () => async () => {},
};

/** When it happens, counted from the moment at which the load runs. */
export interface TimedFault {
  fault: Fault;
  afterMs: number;
  forMs: number;
}
