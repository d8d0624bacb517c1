import type { Signal } from '@spillway/otlp';
import { Bulkhead, type Full, Permit, type Quotas } from '@spillway/resilience';
import type { GatewayConfig } from '../model/config.ts';
import { overloaded, Refusal } from '../model/refusal.ts';
import type { GatewayStats } from '../model/stats.ts';
import { GrowingBytes } from '../receive/growing-bytes.ts';
import type { ConnectionShare } from './connection-share.ts';
import { TenantAdmission } from './tenant-admission.ts';

export interface AdmissionRequest {
  tenant: string;
  signal: Signal;
  /** From the length that the client announced; 0 when it did not. No memory, only quota. */
  bytes: number;
  connection: ConnectionShare;
}

export interface AdmissionOptions {
  config: GatewayConfig;
  quotas: Quotas;
  /** Monotonic milliseconds. */
  nowMs: () => number;
}

/** A tenant that sends nothing for so long is forgotten when another one comes. */
const idleMs = 600_000;

/**
 * Who may come in, and how much at once. Quotas first, so that a tenant above its own quota
 * receives 429 and not that the context is full. Tenants come from the keys file, which may change:
 * as many are kept as have sent something lately.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #all: Bulkhead;
  readonly #signals = new Map<Signal, Bulkhead>();
  readonly #tenants = new Map<string, TenantAdmission>();

  constructor(options: AdmissionOptions) {
    this.#options = options;
    const { config, nowMs } = options;
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

  stats(): Pick<GatewayStats, 'quotas'> {
    const tenants = [...this.#tenants.values()];
    return { quotas: tenants.flatMap(({ meters }) => meters.map((meter) => meter.stats())) };
  }

  admit({ tenant: name, signal, bytes, connection }: AdmissionRequest): AdmissionPermit | Refusal {
    const tenant = this.#tenant(name);
    const taken = tenant.take(signal, bytes);
    if (taken instanceof Refusal) return taken;
    const ofSignal = this.#signal(signal);
    const all = tenant.ofAllSignals(this.#all);
    const own = connection.of(all, this.#options.nowMs);
    const permit = Permit.enter(
      [own, tenant.ofSignal(signal, ofSignal), all, ofSignal, this.#all],
      0,
    );
    if (permit instanceof Permit) {
      return new AdmissionPermit({ permit, tenant, signal, bytes, records: taken.records });
    }
    tenant.settle({ records: -taken.records, bytes: -bytes });
    return bulkheadFull(permit);
  }

  #tenant(name: string): TenantAdmission {
    const known = this.#tenants.get(name);
    if (known) return known;
    this.#forgetIdle();
    const tenant = new TenantAdmission({ ...this.#options, tenant: name });
    this.#tenants.set(name, tenant);
    return tenant;
  }

  #forgetIdle(): void {
    const before = this.#options.nowMs() - idleMs;
    for (const [name, tenant] of this.#tenants) {
      if (!tenant.isIdleSince(before)) continue;
      tenant.close();
      this.#tenants.delete(name);
    }
  }

  #signal(signal: Signal): Bulkhead {
    let bulkhead = this.#signals.get(signal);
    if (!bulkhead) {
      const { config, nowMs } = this.#options;
      const { signalRequestsMax: requestsMax, signalBytesMax: bytesMax } = config;
      bulkhead = new Bulkhead({ name: `signal ${signal}`, requestsMax, bytesMax, nowMs });
      this.#signals.set(signal, bulkhead);
    }
    return bulkhead;
  }
}

interface AdmissionPermitOptions {
  permit: Permit;
  tenant: TenantAdmission;
  signal: Signal;
  /** Taken from the quotas already. */
  bytes: number;
  records: number;
}

/**
 * The room that an admitted request holds in its limits; it is given back once, whatever happens.
 */
export class AdmissionPermit {
  readonly #permit: Permit;
  readonly #tenant: TenantAdmission;
  readonly #signal: Signal;
  #bytesTaken: number;
  #bytesReceived = 0;
  #recordsTaken: number;
  #isScanned = false;

  constructor({ permit, tenant, signal, bytes, records }: AdmissionPermitOptions) {
    this.#permit = permit;
    this.#tenant = tenant;
    this.#signal = signal;
    this.#bytesTaken = bytes;
    this.#recordsTaken = records;
  }

  /** Bytes that are announced only now and were not sent yet: quota alone. */
  announce(bytes: number): Refusal | undefined {
    const refused = this.#tenant.bytes?.tryTake(bytes);
    if (!refused) this.#bytesTaken += bytes;
    return refused;
  }

  /** Bytes that have arrived. What was not announced becomes a debt on the quota. */
  received(bytes: number): void {
    this.#bytesReceived += bytes;
    const more = this.#bytesReceived - this.#bytesTaken;
    if (more <= 0) return;
    this.#tenant.settle({ records: 0, bytes: more });
    this.#bytesTaken += more;
  }

  /** For a body that is to come; its memory is this request's. */
  body(size: { expected: number | undefined; bytesMax: number }): GrowingBytes {
    return new GrowingBytes({
      ...size,
      grow: (bytes) => this.grow(bytes),
      shrink: (bytes) => this.shrink(bytes),
    });
  }

  /**
   * Memory, as it is taken: for what has arrived, and what inflation and transcoding make of it.
   */
  grow(bytes: number): Refusal | undefined {
    const refused = this.#permit.grow(bytes);
    return refused && bulkheadFull(refused);
  }

  shrink(bytes: number): void {
    this.#permit.shrink(bytes);
  }

  /** The records are known only after the scan: the next request waits for what is missing. */
  spendRecords(records: number): void {
    this.#tenant.settle({ records: records - this.#recordsTaken, bytes: 0 });
    this.#tenant.learn(this.#signal, records);
    this.#recordsTaken = records;
    this.#isScanned = true;
  }

  /** The request was not served, and not through a fault of the sender: its quota is returned. */
  refund(): void {
    this.#tenant.settle({ records: -this.#recordsTaken, bytes: -this.#bytesTaken });
    this.#bytesTaken = 0;
    this.#bytesReceived = 0;
    this.#recordsTaken = 0;
  }

  /** Idempotent. Only when the bytes are let go of: the broker may hold them past the answer. */
  release(): void {
    this.#permit.leave();
    const missing = this.#bytesTaken - this.#bytesReceived;
    if (missing > 0) this.#tenant.settle({ records: 0, bytes: -missing });
    this.#bytesTaken = this.#bytesReceived;
    if (this.#isScanned) return;
    this.#isScanned = true;
    this.#tenant.settle({ records: -this.#recordsTaken, bytes: 0 });
    this.#recordsTaken = 0;
  }
}

function bulkheadFull({ bulkhead, limit, alone, retryAfterMs }: Full): Refusal {
  if (alone) {
    const message = `the body needs more memory than ${bulkhead.bytesMax} bytes: ${bulkhead.name}`;
    return new Refusal('too-large', message);
  }
  const most = limit === 'requests' ? bulkhead.requestsMax : bulkhead.bytesMax;
  const message = `too much in flight: ${bulkhead.name} may hold ${most} ${limit}`;
  return overloaded('bulkhead-full', message, retryAfterMs);
}
