import { memoryOf } from '@spillway/test-support';

const everyMs = 50;

/** The most memory that a process was seen to hold since it was watched. */
export class PeakMemory {
  readonly #pid: () => number;
  readonly #watch: NodeJS.Timeout;
  /** Resident. */
  bytes = 0;
  /** Without pages of files. */
  ownBytes = 0;

  constructor(pid: () => number) {
    this.#pid = pid;
    this.#watch = setInterval(() => this.#look(), everyMs);
  }

  end(): void {
    clearInterval(this.#watch);
  }

  #look(): void {
    const { resident, own } = memoryOf(this.#pid());
    this.bytes = Math.max(this.bytes, resident);
    this.ownBytes = Math.max(this.ownBytes, own);
  }
}
