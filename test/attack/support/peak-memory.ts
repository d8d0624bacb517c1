import { readFileSync } from 'node:fs';

const everyMs = 50;

/** The most memory that a process was seen to hold since it was watched. */
export class PeakMemory {
  readonly #pid: () => number;
  readonly #watch: NodeJS.Timeout;
  bytes = 0;

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
      const kibibytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
      this.bytes = Math.max(this.bytes, kibibytes * 1024);
    } catch {
      // Ended between two looks.
    }
  }
}
