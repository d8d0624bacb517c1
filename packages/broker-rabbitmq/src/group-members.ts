/** What a member last reported of itself. */
export interface Heartbeat {
  kind: 'beat';
  member: string;
  topics: string[];
  /** What the member holds, by queue. */
  held: Record<string, Holding>;
  /** It has closed its channels and will not be back. */
  left?: boolean;
}

export interface Holding {
  /** Messages delivered and not acknowledged. */
  unacked: number;
  /** When the oldest of them was published; null when there are none. */
  oldestMs: number | null;
}

/** Everybody answers with a beat, so that who asks need not wait for the next ones. */
export interface MembersQuery {
  kind: 'who';
}

/** The members of a group, as this process knows them. */
export class GroupMembers {
  readonly #timeoutMs: number;
  readonly #heard = new Map<string, { beat: Heartbeat; atMs: number }>();

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** @param nowMs of a clock that only grows, as in all that follows */
  note(beat: Heartbeat, nowMs: number): void {
    if (beat.left) this.#heard.delete(beat.member);
    else this.#heard.set(beat.member, { beat, atMs: nowMs });
  }

  has(member: string, nowMs: number): boolean {
    return nowMs - (this.#heard.get(member)?.atMs ?? Number.NEGATIVE_INFINITY) < this.#timeoutMs;
  }

  present(nowMs: number): Heartbeat[] {
    for (const [member, { atMs }] of this.#heard) {
      if (nowMs - atMs >= this.#timeoutMs) this.#heard.delete(member);
    }
    return [...this.#heard.values()].map(({ beat }) => beat);
  }

  holderOf(queue: string, nowMs: number, except?: string): Heartbeat | undefined {
    return this.present(nowMs).find(({ held, member }) => queue in held && member !== except);
  }

  /** After a break of the line: everyone gets the time to report again, and holds nothing. */
  renew(nowMs: number): void {
    for (const heard of this.#heard.values()) {
      heard.atMs = nowMs;
      heard.beat = { ...heard.beat, held: {} };
    }
  }
}
