import type { Signal } from '@spillway/otlp';
import { Bulkhead, type Full, Permit, TokenBucket } from '@spillway/resilience';
import { overloaded, Refusal } from './refusal.ts';
import type { GatewayConfig } from './section.ts';

export interface Entry {
  tenant: string;
  signal: Signal;
  /** From the length that the client announced; 0 when it did not. */
  bytes: number;
}

export interface AdmissionOptions {
  config: GatewayConfig;
  /** Monotonic milliseconds. */
  nowMs: () => number;
}

/**
 * Who may come in, and how much at once. Quotas first, so that a tenant above its own quota hears
 * 429 and not that the house is full. Tenants come from the keys file, so the maps stay small.
 */
export class Admission {
  readonly #config: GatewayConfig;
  readonly #nowMs: () => number;
  readonly #all: Bulkhead;
  readonly #lanes = new Map<Signal, Bulkhead>();
  readonly #tenants = new Map<string, Tenant>();

  constructor({ config, nowMs }: AdmissionOptions) {
    this.#config = config;
    this.#nowMs = nowMs;
    this.#all = new Bulkhead({
      name: 'the whole gateway (gateway.inFlightBytesMax)',
      requestsMax: Number.POSITIVE_INFINITY,
      bytesMax: config.inFlightBytesMax,
      nowMs,
    });
  }

  get inFlight(): { requests: number; bytes: number } {
    return { requests: this.#all.requests, bytes: this.#all.bytes };
  }

  enter({ tenant, signal, bytes }: Entry): Ticket | Refusal {
    const state = this.#tenant(tenant);
    const recordsWaitMs = state.records?.tryTake(0) ?? 0;
    if (recordsWaitMs > 0) {
      return quota('records-quota', tenant, `${this.#config.recordsPerSecondMax} records`, {
        retryAfterMs: recordsWaitMs,
      });
    }
    const bytesWaitMs = state.bytes?.tryTake(bytes) ?? 0;
    if (bytesWaitMs > 0) {
      return quota('bytes-quota', tenant, `${this.#config.bytesPerSecondMax} bytes`, {
        retryAfterMs: bytesWaitMs,
      });
    }
    const bulkheads = [this.#tenantLane(state, tenant, signal), this.#lane(signal), this.#all];
    const permit = Permit.enter(bulkheads, bytes);
    if (permit instanceof Permit) return new Ticket({ permit, tenant: state, bytes });
    state.bytes?.giveBack(bytes);
    return full(permit);
  }

  #tenant(name: string): Tenant {
    let state = this.#tenants.get(name);
    if (!state) {
      const { recordsPerSecondMax, recordsBurst, bytesPerSecondMax, bytesBurst } = this.#config;
      state = {
        records: this.#bucket(recordsPerSecondMax, recordsBurst),
        bytes: this.#bucket(bytesPerSecondMax, bytesBurst),
        lanes: new Map(),
      };
      this.#tenants.set(name, state);
    }
    return state;
  }

  #bucket(ratePerSecond: number, burst: number): TokenBucket | undefined {
    if (ratePerSecond === 0) return undefined;
    return new TokenBucket({
      ratePerSecond,
      burst: burst || ratePerSecond * 2,
      nowMs: this.#nowMs,
    });
  }

  #lane(signal: Signal): Bulkhead {
    const { laneRequestsMax: requestsMax, laneBytesMax: bytesMax } = this.#config;
    return lane(this.#lanes, signal, {
      name: `signal ${signal}`,
      requestsMax,
      bytesMax,
      nowMs: this.#nowMs,
    });
  }

  #tenantLane(state: Tenant, tenant: string, signal: Signal): Bulkhead {
    const { tenantLaneRequestsMax: requestsMax, tenantLaneBytesMax: bytesMax } = this.#config;
    const name = `tenant ${tenant}, signal ${signal}`;
    return lane(state.lanes, signal, { name, requestsMax, bytesMax, nowMs: this.#nowMs });
  }
}

interface Tenant {
  records: TokenBucket | undefined;
  bytes: TokenBucket | undefined;
  lanes: Map<Signal, Bulkhead>;
}

/** A request's right to be here. */
export class Ticket {
  readonly #permit: Permit;
  readonly #tenant: Tenant;
  #bytesTaken: number;
  #recordsTaken = 0;

  constructor(options: { permit: Permit; tenant: Tenant; bytes: number }) {
    this.#permit = options.permit;
    this.#tenant = options.tenant;
    this.#bytesTaken = options.bytes;
  }

  /** Bytes that arrive and were not announced: memory, and a debt on the quota. */
  take(bytes: number): Refusal | undefined {
    this.#tenant.bytes?.spend(bytes);
    this.#bytesTaken += bytes;
    return this.grow(bytes);
  }

  /** Memory only: what inflation or transcoding makes. */
  grow(bytes: number): Refusal | undefined {
    const refused = this.#permit.grow(bytes);
    return refused && full(refused);
  }

  shrink(bytes: number): void {
    this.#permit.shrink(bytes);
  }

  /** The records are known only after the scan: the next request waits for them. */
  spendRecords(records: number): void {
    this.#tenant.records?.spend(records);
    this.#recordsTaken += records;
  }

  /** The request was not served, and not through a fault of the sender: its quota is returned. */
  giveBack(): void {
    this.#tenant.bytes?.giveBack(this.#bytesTaken);
    this.#tenant.records?.giveBack(this.#recordsTaken);
    this.#bytesTaken = 0;
    this.#recordsTaken = 0;
  }

  /** Idempotent. Only when the bytes are let go of: the broker may hold them past the answer. */
  leave(): void {
    this.#permit.leave();
  }
}

function lane(
  lanes: Map<Signal, Bulkhead>,
  signal: Signal,
  options: ConstructorParameters<typeof Bulkhead>[0],
): Bulkhead {
  let bulkhead = lanes.get(signal);
  if (!bulkhead) {
    bulkhead = new Bulkhead(options);
    lanes.set(signal, bulkhead);
  }
  return bulkhead;
}

function quota(
  code: 'records-quota' | 'bytes-quota',
  tenant: string,
  limit: string,
  { retryAfterMs }: { retryAfterMs: number },
): Refusal {
  const message = `tenant ${tenant} is above its quota of ${limit} per second`;
  return new Refusal(code, message, { retryAfterMs });
}

function full({ bulkhead, limit, alone, retryAfterMs }: Full): Refusal {
  if (alone) {
    const message = `the body needs more memory than ${bulkhead.bytesMax} bytes: ${bulkhead.name}`;
    return new Refusal('too-large', message);
  }
  const most = limit === 'requests' ? bulkhead.requestsMax : bulkhead.bytesMax;
  return overloaded(
    'bulkhead-full',
    `too much in flight: ${bulkhead.name} may hold ${most} ${limit}`,
    retryAfterMs,
  );
}
