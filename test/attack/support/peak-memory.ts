import { readFileSync } from 'node:fs';

const everyMs = 50;

/** The most memory that a process was seen to hold since it was watched. */
export class PeakMemory {
  readonly #pid: () => number;
  readonly #watch: NodeJS.Timeout;
  /** Resident. */
  bytes = 0;
  /** Without the pages of its program and other files, which the kernel takes back when it must. */
  ownBytes = 0;

  constructor(pid: () => number) {
    this.#pid = pid;
    this.#watch = setInterval(() => this.#look(), everyMs);
  }

  end(): void {
    clearInterval(this.#watch);
  }

  #look(): void {
    try {
      const status = readFileSync(`/proc/${this.#pid()}/status`, 'utf8');
      this.bytes = Math.max(this.bytes, bytesOf(status, 'VmRSS'));
      const ownBytes = bytesOf(status, 'RssAnon') + bytesOf(status, 'RssShmem');
      this.ownBytes = Math.max(this.ownBytes, ownBytes);
    } catch {
      // Ended between two looks.
    }
  }
}

function bytesOf(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1024;
}
