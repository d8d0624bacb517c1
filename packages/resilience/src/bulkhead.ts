import { RetryAfter } from './retry-after.ts';

export interface BulkheadOptions {
  /** Names the limit in refusals, e.g. `lane traces`. */
  name: string;
  requestsMax: number;
  bytesMax: number;
  /** Monotonic milliseconds. */
  nowMs: () => number;
  /** 0 to 1: spreads what the refused are told. */
  random?: () => number;
}

/** Bounds what is in flight in one compartment. Never waits: what does not fit is refused. */
export class Bulkhead {
  readonly name: string;
  readonly requestsMax: number;
  readonly bytesMax: number;
  readonly #retryAfter: Readonly<Record<'requests' | 'bytes', RetryAfter>>;
  #requests = 0;
  #bytes = 0;

  constructor({ name, requestsMax, bytesMax, ...time }: BulkheadOptions) {
    this.name = name;
    this.requestsMax = requestsMax;
    this.bytesMax = bytesMax;
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
    return undefined;
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

export interface Full {
  bulkhead: Bulkhead;
  limit: 'requests' | 'bytes';
  /** It would not fit even if nothing else were in flight: waiting is no use. */
  alone: boolean;
  /** When to try again, from the rate at which requests or bytes have left the bulkhead lately. */
  retryAfterMs: number;
}

/**
 * One request's place in several bulkheads at once (process, lane, tenant). It enters all of them
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

  /** Adds the bytes everywhere, or nowhere and tells which limit they would break. */
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
  for (const bulkhead of bulkheads) {
    const limit = bulkhead.limitOf(requests, bytes);
    if (!limit) continue;
    const amount = limit === 'requests' ? requests : bytes;
    const retryAfterMs = bulkhead.retryAfterMs(limit, amount);
    return { bulkhead, limit, alone: held + bytes > bulkhead.bytesMax, retryAfterMs };
  }
  return undefined;
}
