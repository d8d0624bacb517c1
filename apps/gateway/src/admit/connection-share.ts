import { Bulkhead } from '@spillway/resilience';

/** One connection alone may hold four fifths of its tenant's share. */
const share = 4;

/** What one connection may hold of its tenant's memory, so that it starves no other of that tenant. */
export class ConnectionShare {
  #tenant: Bulkhead | undefined;
  #own: Bulkhead | undefined;

  /** `tenant` is what the tenant may hold in all; a connection changes it seldom if ever. */
  of(tenant: Bulkhead, nowMs: () => number): Bulkhead {
    if (!this.#own || this.#tenant !== tenant) {
      this.#tenant = tenant;
      this.#own = new Bulkhead({
        name: `a connection of ${tenant.name}`,
        requestsMax: Number.POSITIVE_INFINITY,
        bytesMax: Number.POSITIVE_INFINITY,
        within: { bulkhead: tenant, share },
        nowMs,
      });
    }
    return this.#own;
  }
}
