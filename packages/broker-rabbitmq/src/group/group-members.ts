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
  readonly #members = new Map<string, { beat: Heartbeat; atMs: number }>();

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** @param nowMs of a clock that only grows, as in all that follows */
  note(beat: Heartbeat, nowMs: number): void {
    if (beat.left) this.#members.delete(beat.member);
    else this.#members.set(beat.member, { beat, atMs: nowMs });
  }

  has(member: string, nowMs: number): boolean {
    return nowMs - (this.#members.get(member)?.atMs ?? Number.NEGATIVE_INFINITY) < this.#timeoutMs;
  }

  present(nowMs: number): Heartbeat[] {
    for (const [member, { atMs }] of this.#members) {
      if (nowMs - atMs >= this.#timeoutMs) this.#members.delete(member);
    }
    return [...this.#members.values()].map(({ beat }) => beat);
  }

  holderOf(queue: string, nowMs: number, except?: string): Heartbeat | undefined {
    return this.present(nowMs).find(({ held, member }) => queue in held && member !== except);
  }

  /** After a break of the line: everyone gets the time to report again, and holds nothing. */
  renew(nowMs: number): void {
    for (const member of this.#members.values()) {
      member.atMs = nowMs;
      member.beat = { ...member.beat, held: {} };
    }
  }
}
