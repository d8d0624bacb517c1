import { readFileSync } from 'node:fs';
import { memoryOf } from '@spillway/test-support';

export interface Figure {
  name: string;
  /** CPU time per unit, µs, user and system, of the process that does the work. */
  cpuMicros: number;
  perCpuSecond: number;
}

/** Runs a synchronous or asynchronous body `times` times and gives this process' CPU per unit. */
export async function cpuOf(
  name: string,
  { times, units, run }: { times: number; units: number; run: (i: number) => unknown },
): Promise<Figure> {
  for (let i = 0; i < Math.min(times, 50); i++) await run(i);
  const before = process.cpuUsage();
  for (let i = 0; i < times; i++) await run(i + 50);
  const { user, system } = process.cpuUsage(before);
  return figure(name, user + system, times * units);
}

export function figure(name: string, cpuMicros: number, units: number): Figure {
  return {
    name,
    cpuMicros: cpuMicros / units,
    perCpuSecond: Math.round((units / cpuMicros) * 1e6),
  };
}

const ticksPerSecond = 100;

/** CPU time of another process with all its threads, µs. Linux: `/proc/<pid>/stat`, in 10 ms. */
export function processCpuMicros(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1e6;
}

export function residentMebibytes(pid: number): number {
  return Math.round(memoryOf(pid).resident / 1_048_576);
}

export function printFigures(title: string, unit: string, figures: readonly Figure[]): void {
  process.stdout.write(`\n${title}\n`);
  for (const { name, cpuMicros, perCpuSecond } of figures) {
    const cost = `${cpuMicros.toFixed(cpuMicros < 10 ? 2 : 0)} µs of CPU per ${unit}`;
    const line = [
      name.padEnd(44),
      cost.padStart(32),
      `${perCpuSecond} per CPU-second`.padStart(30),
    ];
    process.stdout.write(`  ${line.join('')}\n`);
  }
}
