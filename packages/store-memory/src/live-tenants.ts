import { type TenantLimits, TenantLive, tenantBytes } from './tenant-live.ts';

export interface LiveTenantsOptions {
  /** Bytes of all tenants together; each may have `limits.bytesMax`. */
  bytesMax: number;
  limits: TenantLimits;
  clock: () => number;
  windowMs: number;
}

/**
 * Share that is freed, so that what remains after one tenant gave way is not full again with the
 * next record.
 */
const roomShare = 1 / 16;

type Stats = ReturnType<TenantLive['stats']>;
const counters = ['pendingEvicted', 'overflowed', 'bucketsCut', 'keysCutShort'] as const;

/**
 * The tenants within one memory. When it is full, the tenant that has the most gives way, so that a
 * flood costs only the one that sends it.
 */
export class LiveTenants {
  readonly #options: LiveTenantsOptions;
  readonly #tenantsMax: number;
  readonly #tenants = new Map<string, TenantLive>();
  /** What tenants that are gone had counted. */
  readonly #gone = { pendingEvicted: 0, overflowed: 0, bucketsCut: 0, keysCutShort: 0 };
  #bytes = 0;
  #lastId = 0;

  constructor(options: LiveTenantsOptions) {
    this.#options = options;
    // Those of which there is nothing but their names take at most half of the memory.
    this.#tenantsMax = Math.max(1, Math.floor(options.bytesMax / 2 / tenantBytes));
  }

  get size(): number {
    return this.#tenants.size;
  }

  get(name: string): TenantLive | undefined {
    return this.#tenants.get(name);
  }

  /** Makes the tenant when it is new. Undefined when there is no room for one more. */
  use<T>(name: string, work: (tenant: TenantLive) => T): T | undefined {
    const tenant = this.#tenants.get(name) ?? this.#make(name);
    if (!tenant) return undefined;
    const before = tenant.bytes;
    const result = work(tenant);
    this.#bytes += tenant.bytes - before;
    if (this.#bytes > this.#options.bytesMax) this.#makeRoom();
    return result;
  }

  expire(): void {
    const nowMs = this.#options.clock();
    this.#bytes = 0;
    for (const [name, tenant] of this.#tenants) {
      tenant.expire({ windowStartMs: nowMs - this.#options.windowMs, nowMs });
      this.#bytes += tenant.bytes;
      if (tenant.isEmpty) this.#drop(name, tenant);
    }
  }

  clear(): void {
    for (const [name, tenant] of this.#tenants) this.#drop(name, tenant);
  }

  stats(): Stats {
    const sum: Stats = { series: 0, cells: 0, bytes: 0, pendingSpans: 0, ...this.#gone };
    for (const tenant of this.#tenants.values()) {
      const stats = tenant.stats();
      for (const name of Object.keys(stats) as (keyof Stats)[]) sum[name] += stats[name];
    }
    return sum;
  }

  #make(name: string): TenantLive | undefined {
    if (this.#tenants.size >= this.#tenantsMax) return undefined;
    const { limits, clock } = this.#options;
    const tenant = new TenantLive({ limits, clock, nextId: () => ++this.#lastId });
    this.#tenants.set(name, tenant);
    this.#bytes += tenant.bytes;
    return tenant;
  }

  #drop(name: string, tenant: TenantLive): void {
    const stats = tenant.stats();
    for (const counter of counters) this.#gone[counter] += stats[counter];
    this.#bytes -= stats.bytes;
    this.#tenants.delete(name);
  }

  #makeRoom(): void {
    const wanted = this.#options.bytesMax * (1 - roomShare);
    while (this.#bytes > wanted) {
      const largest = [...this.#tenants.values()].reduce((a, b) => (a.bytes >= b.bytes ? a : b));
      const before = largest.bytes;
      if (!largest.giveWay()) return;
      this.#bytes += largest.bytes - before;
    }
  }
}
