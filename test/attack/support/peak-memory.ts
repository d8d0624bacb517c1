import { readFileSync } from 'node:fs';

const everyMs = 50;

/**
 * The most memory that a process was seen to hold since it was watched, without the pages of its
 * program and of other files, which the kernel takes back when a control group is full.
 */
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
      const kibibytes = (name: string) => {
        return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0);
      };
      this.bytes = Math.max(this.bytes, (kibibytes('RssAnon') + kibibytes('RssShmem')) * 1024);
    } catch {
      // Ended between two looks.
    }
  }
}
