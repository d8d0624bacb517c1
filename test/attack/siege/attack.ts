import type { AttackLab } from '../support/attack-lab.ts';

/** Something hostile that goes on for as long as it is wanted. */
export interface Attack {
  /** In kebab case, for `--only`. */
  name: string;
  /** One line for a person. */
  what: string;
  /** Of the Spillway that is attacked, e.g. a limit that minutes suffice to reach. */
  args?: readonly string[];
  /** Resolves soon after the signal, with nothing left open. Whatever it is answered is right. */
  run(lab: AttackLab, ending: AbortSignal): Promise<void>;
}

/** So many clients at a time, each doing it again and again; what fails for a client is its own affair. */
export async function clients(
  count: number,
  ending: AbortSignal,
  once: (round: number) => Promise<void>,
): Promise<void> {
  let round = 0;
  const client = async (): Promise<void> => {
    while (!ending.aborted) await once(round++).catch(() => pause(20));
  };
  await Promise.all(Array.from({ length: count }, client));
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
