import { readFileSync } from 'node:fs';

/** What a process holds in memory, in bytes. */
export interface ProcessMemory {
  resident: number;
  /** Resident, without pages of files, which the kernel takes back when it must. */
  own: number;
}

/** What a process holds now; all 0 when it has ended. Linux: `/proc/<pid>/status`. */
export function memoryOf(pid: number): ProcessMemory {
  const status = read(`/proc/${pid}/status`);
  const bytesOf = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1_024;
  return { resident: bytesOf('VmRSS'), own: bytesOf('RssAnon') + bytesOf('RssShmem') };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
