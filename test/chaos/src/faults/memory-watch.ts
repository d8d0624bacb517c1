import type { Member } from '../member.ts';

const sampleMs = 500;

/** How much the memory of processes grows while it watches. */
export class MemoryWatch {
  readonly #timer: NodeJS.Timeout;
  readonly #first = new Map<Member, number>();
  #growthBytes = 0;

  constructor(members: readonly Member[]) {
    const sample = () => {
      for (const member of members) this.#note(member);
    };
    sample();
    this.#timer = setInterval(sample, sampleMs);
  }

  /** The most that any of them grew. */
  end(): number {
    clearInterval(this.#timer);
    return this.#growthBytes;
  }

  #note(member: Member): void {
    const bytes = member.rss();
    if (bytes === 0) return;
    const first = this.#first.get(member) ?? bytes;
    this.#first.set(member, first);
    this.#growthBytes = Math.max(this.#growthBytes, bytes - first);
  }
}
