import { readFileSync } from 'node:fs';

const ticksPerSecond = 100;

/** User and system time of a process so far, or of its main thread; 0 when it is gone. */
export function cpuMsOf(pid: number, mainThreadOnly = false): number {
  const path = mainThreadOnly ? `/proc/${pid}/task/${pid}/stat` : `/proc/${pid}/stat`;
  const fields = read(path)?.split(') ')[1]?.split(' ');
  if (fields === undefined) return 0;
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / ticksPerSecond;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
