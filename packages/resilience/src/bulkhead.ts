import { RetryAfter } from './retry-after.ts';

/** Limits of a bulkhead. */
export interface BulkheadOptions {
  /** Names the limit in refusals, e.g. `signal traces`. */
  name: string;
  requestsMax: number;
  bytesMax: number;
  /** It may hold at most so many times what is still free in another bulkhead. */
  within?: { bulkhead: Bulkhead; share: number } | undefined;
  /** Monotonic milliseconds. */
  nowMs: () => number;
  /** 0 to 1: spreads the waits of those refused. */
  random?: () => number;
}

/** Part of what several share that is kept for those who hold little of it. */
const reservedPart = 1 / 8;
/** … which is at most this part of what is kept. */
const littlePart = 1 / 16;

/**
 * Bounds what is in flight in one compartment. Never waits: what does not fit is refused.
 *
 * Compartments that share one larger one are kept apart by what is still free in it: with a share of
 * 2, one alone takes two thirds of it, two take two fifths each, n take 2 / (1 + 2n) each, and as
 * much as half of that stays free for who comes next. So nothing need be divided among as many as there
 * may be. That is where it settles; on the way there the first may hold more, so an eighth is left out
 * of the sum for those who hold little.
 * Source: Choudhury and Hahne, "Dynamic queue length thresholds for shared-memory packet switches",
 * IEEE/ACM Transactions on Networking 6(2), 1998.
 */
export class Bulkhead {
  readonly name: string;
  readonly requestsMax: number;
  readonly bytesMax: number;
  readonly #within: { bulkhead: Bulkhead; share: number } | undefined;
  readonly #retryAfter: Readonly<Record<'requests' | 'bytes', RetryAfter>>;
  #requests = 0;
  #bytes = 0;

  constructor({ name, requestsMax, bytesMax, within, ...time }: BulkheadOptions) {
    this.name = name;
    this.#within = within;
    this.requestsMax = Math.min(requestsMax, mostOf(within, 'requestsMax'));
    this.bytesMax = Math.min(bytesMax, mostOf(within, 'bytesMax'));
    this.#retryAfter = { requests: new RetryAfter(time), bytes: new RetryAfter(time) };
  }

  get requests(): number {
    return this.#requests;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Which limit the addition would break, if any. */
  limitOf(requests: number, bytes: number): 'requests' | 'bytes' | undefined {
    if (this.#requests + requests > this.requestsMax) return 'requests';
    if (bytes > 0 && this.#bytes + bytes > this.bytesMax) return 'bytes';
    if (!this.#within) return undefined;
    const { bulkhead, share } = this.#within;
    const { requestsMax, bytesMax } = bulkhead;
    const room = (most: number, held: number, own: number, more: number): boolean => {
      const free = most - held - more;
      const reserved = Number.isFinite(most) ? most * reservedPart : 0;
      if (own + more <= reserved * littlePart && free >= 0) return true;
      return own + more <= share * (free - reserved);
    };
    if (requests > 0 && !room(requestsMax, bulkhead.#requests, this.#requests, requests)) {
      return 'requests';
    }
    return bytes === 0 || room(bytesMax, bulkhead.#bytes, this.#bytes, bytes) ? undefined : 'bytes';
  }

  /** Only through `Permit`, which keeps additions and removals equal. */
  add(requests: number, bytes: number): void {
    this.#requests += requests;
    this.#bytes += bytes;
    if (requests < 0) this.#retryAfter.requests.left(-requests);
    if (bytes < 0) this.#retryAfter.bytes.left(-bytes);
  }

  /** When there may be room for the addition that the limit refused. */
  retryAfterMs(limit: 'requests' | 'bytes', amount: number): number {
    return this.#retryAfter[limit].waitMs(amount);
  }
}

/** What it may hold while nothing else is in the other. */
function mostOf(within: BulkheadOptions['within'], limit: 'requestsMax' | 'bytesMax'): number {
  if (!within) return Number.POSITIVE_INFINITY;
  const most = within.bulkhead[limit];
  const shared = Number.isFinite(most) ? most * (1 - reservedPart) : most;
  return Math.max(1, Math.floor((shared * within.share) / (1 + within.share)));
}

/** Which limit of which bulkhead is reached. */
export interface Full {
  bulkhead: Bulkhead;
  limit: 'requests' | 'bytes';
  /** It would not fit even if nothing else were in flight: waiting is no use. */
  alone: boolean;
  /** When to try again, from the rate at which requests or bytes have left the bulkhead lately. */
  retryAfterMs: number;
}

/**
 * One request's place in several bulkheads at once (process, signal, tenant). It enters all of them
 * or none, may grow while the request's bytes become known, and leaves once.
 */
export class Permit {
  readonly #bulkheads: readonly Bulkhead[];
  #bytes = 0;
  #held = true;

  private constructor(bulkheads: readonly Bulkhead[]) {
    this.#bulkheads = bulkheads;
  }

  static enter(bulkheads: readonly Bulkhead[], bytes: number): Permit | Full {
    const full = findFull(bulkheads, { requests: 1, bytes, held: 0 });
    if (full) return full;
    const permit = new Permit(bulkheads);
    permit.#add(1, bytes);
    return permit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Adds the bytes everywhere, or nowhere and says which limit they would break. */
  grow(bytes: number): Full | undefined {
    const full = findFull(this.#bulkheads, { requests: 0, bytes, held: this.#bytes });
    if (!full) this.#add(0, bytes);
    return full;
  }

  shrink(bytes: number): void {
    this.#add(0, -Math.min(bytes, this.#bytes));
  }

  /** Idempotent. */
  leave(): void {
    if (!this.#held) return;
    this.#add(-1, -this.#bytes);
    this.#held = false;
  }

  #add(requests: number, bytes: number): void {
    if (!this.#held) return;
    this.#bytes += bytes;
    for (const bulkhead of this.#bulkheads) bulkhead.add(requests, bytes);
  }
}

function findFull(
  bulkheads: readonly Bulkhead[],
  { requests, bytes, held }: { requests: number; bytes: number; held: number },
): Full | undefined {
  // What can never fit is said first: waiting for another limit would be no use.
  const tooSmall = bytes > 0 && bulkheads.find(({ bytesMax }) => held + bytes > bytesMax);
  if (tooSmall) return { bulkhead: tooSmall, limit: 'bytes', alone: true, retryAfterMs: 0 };
  for (const bulkhead of bulkheads) {
    const limit = bulkhead.limitOf(requests, bytes);
    if (!limit) continue;
    const amount = limit === 'requests' ? requests : bytes;
    return { bulkhead, limit, alone: false, retryAfterMs: bulkhead.retryAfterMs(limit, amount) };
  }
  return undefined;
}
