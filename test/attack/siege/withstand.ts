import { AttackLab } from '../support/attack-lab.ts';
import { MemoryGroup } from '../support/memory-group.ts';
import { type Attack, pause } from './attack.ts';

const MiB = 1024 * 1024;

export interface Withstood {
  attack: string;
  /** Resident, at most. */
  peakMiB: number;
  canary: { sent: number; slowestMs: number };
  totals: Record<string, number>;
  /** What did not hold; undefined when all did. */
  failure?: string;
}

/** One attack on a Spillway of its own within a control group; then kill -9 and another start. */
export async function withstand(
  attack: Attack,
  { minutes, memoryMiB }: { minutes: number; memoryMiB: number },
): Promise<Withstood> {
  const found: Withstood = {
    attack: attack.name,
    peakMiB: 0,
    canary: { sent: 0, slowestMs: 0 },
    totals: {},
  };
  const group = new MemoryGroup(memoryMiB * MiB);
  let lab: AttackLab | undefined;
  try {
    lab = await AttackLab.start({ under: group.under, args: attack.args });
    await attack.run(lab, AbortSignal.timeout(minutes * 60_000));
    found.peakMiB = Math.round(lab.peakBytes / MiB);
    found.totals = await lab.verdict();
    const { sent, slowestMs } = lab.canaryReport;
    found.canary = { sent, slowestMs: Math.round(slowestMs) };
    await lab.spillway.end('SIGKILL');
    await lab.restart();
    await lab.verdict();
    if (group.kills > 0) found.failure = `the kernel killed ${group.kills} processes for memory`;
  } catch (error) {
    const { message } = error as Error;
    const end = lab?.spillway.exit ? `\n${lab.spillway.lastWords}` : '';
    found.failure = `${message} (killed for memory: ${group.kills})${end}`;
  } finally {
    await lab?.close();
    // The kernel takes a moment to forget the process.
    await pause(500);
    group.remove();
  }
  return found;
}
