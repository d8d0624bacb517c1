import { type Position, partitionName, type TopicPartition } from '@spillway/broker';
import {
  BegunMessages,
  type DecodedMessage,
  duplicate,
  isLastPart,
  type LiveStore,
  type MessageOutcome,
  type RecordOutcome,
  stored,
  type Tail,
  type TailQuery,
  type TimeRange,
} from '@spillway/store';
import { bucketMs, placeInTime } from '@spillway/store/live';
import { RecentKeys } from './recent-keys.ts';
import { RecentRecords } from './recent-records.ts';
import { type TenantLimits, TenantLive } from './tenant-live.ts';

export interface MemoryLiveStoreOptions {
  /** Default 1 hour. */
  windowMs?: number | undefined;
  clock?: (() => number) | undefined;
  /** Per tenant: operations and edges with a name of their own. Default 1,000. */
  seriesMax?: number | undefined;
  /** Per tenant: cells of 10 s, some 200 bytes each. Default 100,000. */
  cellsMax?: number | undefined;
  /** Per tenant: spans that wait for the other side of their call. Default 10,000. */
  pendingMax?: number | undefined;
  /** How long a client's retry is recognised. Default 15 minutes. */
  keysWindowMs?: number | undefined;
  /** Record keys remembered per third of that time, 12 to 24 bytes each. Default 500,000. */
  keysMax?: number | undefined;
  report?: ((event: LiveStoreEvent) => void) | undefined;
}

/** Told once per tenant and kind until `reset`; `stats` has the numbers. */
export type LiveStoreEvent =
  /** More operations than `seriesMax`: the rest is counted as operation `other`. */
  | { type: 'series-overflowed'; tenant: string }
  /** More cells than `cellsMax`: the window of this tenant is shorter than it should be. */
  | { type: 'window-cut'; tenant: string };

export interface LiveStoreStats {
  tenants: number;
  series: number;
  cells: number;
  pendingSpans: number;
  pendingEvicted: number;
  overflowed: number;
  bucketsCut: number;
  /** Spans that were older than the window when they came. */
  late: number;
  duplicates: number;
  /** How often too many keys shortened the time in which a retry is recognised. */
  keysCutShort: number;
}

export interface MemoryLiveStore extends LiveStore {
  stats(): LiveStoreStats;
}

const pendingWaitMs = 120_000;

/**
 * Roll-ups of spans in memory; logs and metrics are passed by. `apply` is one synchronous step, so
 * position and effect cannot part. Empty after a restart: the log fills it from `windowMs` ago.
 */
export function createMemoryLiveStore(options: MemoryLiveStoreOptions = {}): MemoryLiveStore {
  return new InMemory(options);
}

class InMemory implements MemoryLiveStore {
  readonly name = 'memory';
  readonly skipsPassed = true;
  readonly windowMs: number;
  readonly #clock: () => number;
  readonly #limits: TenantLimits;
  readonly #report: (event: LiveStoreEvent) => void;
  readonly #keys: RecentKeys;
  readonly #tenants = new Map<string, TenantLive>();
  readonly #recent: RecentRecords;
  readonly #positions = new Map<string, Position>();
  readonly #reported = new Set<string>();
  readonly #begun = new BegunMessages();
  #expiredMs = 0;
  #late = 0;
  #duplicates = 0;

  constructor(options: MemoryLiveStoreOptions) {
    this.windowMs = options.windowMs ?? 3_600_000;
    this.#clock = options.clock ?? Date.now;
    this.#limits = {
      seriesMax: options.seriesMax ?? 1_000,
      cellsMax: options.cellsMax ?? 100_000,
      pendingMax: options.pendingMax ?? 10_000,
      pendingWaitMs,
    };
    this.#report = options.report ?? (() => {});
    this.#recent = new RecentRecords(this.#clock);
    this.#keys = new RecentKeys({
      windowMs: options.keysWindowMs ?? 900_000,
      keysMax: options.keysMax ?? 500_000,
      clock: this.#clock,
    });
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  health(): { ok: boolean; detail: string } {
    return { ok: true, detail: 'in memory' };
  }

  async apply(messages: readonly DecodedMessage[]): Promise<MessageOutcome[]> {
    this.#expire();
    return messages.map((message) => ({ records: this.#applyMessage(message) }));
  }

  /** A partition of which nothing was applied is left out. */
  async nextPositions(partitions: readonly TopicPartition[]): Promise<Position[]> {
    return partitions.flatMap((partition) => this.#positions.get(partitionName(partition)) ?? []);
  }

  async services(query: TimeRange & { tenant: string }) {
    this.#expire();
    return this.#tenants.get(query.tenant)?.services(query) ?? [];
  }

  async operations(query: TimeRange & { tenant: string; service: string }) {
    this.#expire();
    return this.#tenants.get(query.tenant)?.operations(query) ?? [];
  }

  async map(query: TimeRange & { tenant: string }) {
    this.#expire();
    return this.#tenants.get(query.tenant)?.map(query) ?? [];
  }

  async tail(query: TailQuery): Promise<Tail> {
    return this.#recent.tail(query);
  }

  async reset(): Promise<void> {
    this.#recent.clear();
    this.#tenants.clear();
    this.#positions.clear();
    this.#keys.clear();
    this.#reported.clear();
    this.#begun.forget();
  }

  stats(): LiveStoreStats {
    const sum = {
      tenants: this.#tenants.size,
      series: 0,
      cells: 0,
      pendingSpans: 0,
      pendingEvicted: 0,
      overflowed: 0,
      bucketsCut: 0,
      late: this.#late,
      duplicates: this.#duplicates,
      keysCutShort: this.#keys.cutShort,
    };
    for (const tenant of this.#tenants.values()) {
      const stats = tenant.stats();
      for (const name of Object.keys(stats) as (keyof typeof stats)[]) sum[name] += stats[name];
    }
    return sum;
  }

  #applyMessage(message: DecodedMessage): RecordOutcome[] {
    const { envelope, position, records } = message;
    const { topic, partition } = envelope.id;
    const next = this.#positions.get(partitionName(envelope.id))?.position ?? 0;
    if (position < next) return records.map(() => stored);
    this.#begun.check(message);
    const has = this.#begun.reached(message);
    if (isLastPart(message)) {
      this.#positions.set(partitionName(envelope.id), { topic, partition, position: position + 1 });
    }
    this.#begun.note(message);
    const fresh = records.filter(({ index }) => index >= has);
    this.#recent.add({ ...message, records: fresh });
    const known = records.slice(fresh.length).map(() => stored);
    if (message.signal !== 'traces') return records.map(() => stored);
    return [...known, ...this.#applySpans({ ...message, records: fresh })];
  }

  #applySpans({ envelope, records }: DecodedMessage): RecordOutcome[] {
    const nowMs = this.#clock();
    const tenant = this.#tenant(envelope.tenant);
    const outcomes = records.map((record) => {
      if (record.signal !== 'traces') return stored;
      if (!this.#keys.add(record.key)) {
        this.#duplicates++;
        return duplicate;
      }
      const { timeMs } = placeInTime(record, envelope.receivedMs, this.windowMs);
      if (timeMs < nowMs - this.windowMs) this.#late++;
      // A clock that runs ahead opens one bucket more, not a day of them.
      else tenant.add(record, Math.min(timeMs, nowMs + bucketMs), nowMs);
      return stored;
    });
    this.#tell(envelope.tenant, tenant);
    return outcomes;
  }

  #tenant(name: string): TenantLive {
    const known = this.#tenants.get(name);
    if (known) return known;
    const tenant = new TenantLive(this.#limits);
    this.#tenants.set(name, tenant);
    return tenant;
  }

  #expire(): void {
    const nowMs = this.#clock();
    if (nowMs - this.#expiredMs < bucketMs) return;
    this.#expiredMs = nowMs;
    for (const tenant of this.#tenants.values()) tenant.expire(nowMs - this.windowMs);
  }

  #tell(name: string, tenant: TenantLive): void {
    const { overflowed, bucketsCut } = tenant.stats();
    if (overflowed > 0) this.#tellOnce({ type: 'series-overflowed', tenant: name });
    if (bucketsCut > 0) this.#tellOnce({ type: 'window-cut', tenant: name });
  }

  #tellOnce(event: LiveStoreEvent): void {
    const name = `${event.type}/${event.tenant}`;
    if (this.#reported.has(name)) return;
    this.#reported.add(name);
    this.#report(event);
  }
}
