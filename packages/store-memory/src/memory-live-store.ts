import { type Position, partitionName, type TopicPartition } from '@spillway/broker';
import {
  BegunMessages,
  type DecodedMessage,
  duplicate,
  isLastPart,
  type LiveStats,
  type LiveStore,
  type MessageOutcome,
  type RecordOutcome,
  type StoreCapabilities,
  stored,
  type Tail,
  type TailQuery,
  type TimeRange,
} from '@spillway/store';
import { bucketMs, isRolledUpRecord, isTailed, placeInTime, TailRate } from '@spillway/store/live';
import { LiveTenants } from './live-tenants.ts';
import { readTailId } from './recent-records.ts';
import type { TenantLive } from './tenant-live.ts';

/** Options of the live store in memory. */
export interface MemoryLiveStoreOptions {
  /** Default 1 hour. */
  windowMs?: number | undefined;
  clock?: (() => number) | undefined;
  /**
   * Bytes of everything that is kept for all tenants; one tenant may have half of it. Beyond it,
   * the tenant that has the most gives way, so that none is pushed out by another's flood. Default
   * 96 MiB.
   */
  bytesMax?: number | undefined;
  /** Per tenant: operations and edges with a name of their own. Default 1,000. */
  seriesMax?: number | undefined;
  /** Per tenant: cells of 10 s, some 300 bytes each. Default 100,000. */
  cellsMax?: number | undefined;
  /** Per tenant: spans that wait for the other side of their call. Default 10,000. */
  pendingMax?: number | undefined;
  /** How long a client's retry is recognised. Default 15 minutes. */
  keysWindowMs?: number | undefined;
  /** Per tenant: record keys remembered per third of that time, 12 to 24 bytes each. Default 500,000. */
  keysMax?: number | undefined;
  report?: ((event: LiveStoreEvent) => void) | undefined;
}

/** Reported once per tenant and kind until `reset`; `stats` has the numbers. */
export type LiveStoreEvent =
  /** More names than `seriesMax`: the rest is counted under the name of all others. */
  | { type: 'series-overflowed'; tenant: string }
  /** More cells or bytes than it may have: the window of this tenant is shorter than it should be. */
  | { type: 'window-cut'; tenant: string }
  /** More tenants than there is memory for: this one, and others after it, has no live view. */
  | { type: 'tenants-overflowed'; tenant: string };

const pendingWaitMs = 120_000;
const bytesDefault = 96 * 1_048_576;
const perSecond = 200;
/** The counts cover what is beyond it. */
const reportedMax = 10_000;

/**
 * Roll-ups of spans in memory; logs and metrics are passed by. `apply` is one synchronous step, so
 * position and effect cannot part. Empty after a restart: the log fills it from `windowMs` ago.
 */
export function createMemoryLiveStore(options: MemoryLiveStoreOptions = {}): LiveStore {
  return new InMemory(options);
}

class InMemory implements LiveStore {
  readonly name = 'memory';
  readonly capabilities: StoreCapabilities = {
    skipsPassed: true,
    nextPositions: (partitions) => this.#nextPositions(partitions),
  };
  readonly windowMs: number;
  readonly #clock: () => number;
  readonly #report: (event: LiveStoreEvent) => void;
  readonly #tenants: LiveTenants;
  readonly #tailRate = new TailRate(perSecond);
  readonly #positions = new Map<string, Position>();
  readonly #reported = new Set<string>();
  readonly #begun = new BegunMessages();
  #expiredMs = 0;
  #late = 0;
  #duplicates = 0;
  #tenantsRefused = 0;

  constructor(options: MemoryLiveStoreOptions) {
    this.windowMs = options.windowMs ?? 3_600_000;
    this.#clock = options.clock ?? Date.now;
    const bytesMax = options.bytesMax ?? bytesDefault;
    this.#tenants = new LiveTenants({
      bytesMax,
      limits: {
        bytesMax: bytesMax / 2,
        seriesMax: options.seriesMax ?? 1_000,
        cellsMax: options.cellsMax ?? 100_000,
        pendingMax: options.pendingMax ?? 10_000,
        pendingWaitMs,
        keysWindowMs: options.keysWindowMs ?? 900_000,
        keysMax: options.keysMax ?? 500_000,
      },
      clock: this.#clock,
      windowMs: this.windowMs,
    });
    this.#report = options.report ?? (() => {});
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
  async #nextPositions(partitions: readonly TopicPartition[]): Promise<Position[]> {
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
    readTailId(query.afterId);
    return (
      this.#tenants.get(query.tenant)?.tail(query) ?? {
        items: [],
        lastId: query.afterId,
        skipped: 0,
      }
    );
  }

  async reset(): Promise<void> {
    this.#tenants.clear();
    this.#positions.clear();
    this.#reported.clear();
    this.#begun.forget();
  }

  stats(): LiveStats {
    const { bytes, series, cells, pendingSpans, ...met } = this.#tenants.stats();
    return {
      memoryBytes: bytes,
      duplicates: this.#duplicates,
      late: this.#late,
      limits: {
        names: met.overflowed,
        window: met.bucketsCut,
        waiting: met.pendingEvicted,
        parents: 0,
        retries: met.keysCutShort,
        tenants: this.#tenantsRefused,
      },
      kept: { tenants: this.#tenants.size, series, cells, waitingSpans: pendingSpans },
    };
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
    if (!isTailed(message.signal)) return records.map(() => stored);
    const fresh = records.filter(({ index }) => index >= has);
    const known = records.slice(fresh.length).map(() => stored);
    const outcomes = this.#tenants.use(envelope.tenant, (tenant) => {
      const applied = this.#applyTo(tenant, { ...message, records: fresh });
      this.#reportLimits(envelope.tenant, tenant);
      return applied;
    });
    if (outcomes) return [...known, ...outcomes];
    if (this.#tenantsRefused++ === 0) {
      this.#report({ type: 'tenants-overflowed', tenant: envelope.tenant });
    }
    return records.map(() => stored);
  }

  #applyTo(tenant: TenantLive, { envelope, signal, records }: DecodedMessage): RecordOutcome[] {
    if (!isTailed(signal)) return records.map(() => stored);
    const nowMs = this.#clock();
    const name = `${signal}/${envelope.tenant}`;
    const { granted, skipped } = this.#tailRate.take(name, records.length, nowMs);
    if (granted > 0) tenant.show(signal, { records: records.slice(-granted), skipped });
    return records.map((record) => {
      if (!isRolledUpRecord(record)) return stored;
      if (!tenant.isNew(record.key)) {
        this.#duplicates++;
        return duplicate;
      }
      const { timeMs } = placeInTime(record, envelope.receivedMs, this.windowMs);
      if (timeMs < nowMs - this.windowMs) this.#late++;
      // A clock that runs ahead opens one bucket more, not a day of them.
      else tenant.add(record, Math.min(timeMs, nowMs + bucketMs), nowMs);
      return stored;
    });
  }

  #expire(): void {
    const nowMs = this.#clock();
    if (nowMs - this.#expiredMs < bucketMs) return;
    this.#expiredMs = nowMs;
    this.#tenants.expire();
  }

  #reportLimits(name: string, tenant: TenantLive): void {
    const { overflowed, bucketsCut } = tenant.stats();
    if (overflowed > 0) this.#reportOnce({ type: 'series-overflowed', tenant: name });
    if (bucketsCut > 0) this.#reportOnce({ type: 'window-cut', tenant: name });
  }

  #reportOnce(event: LiveStoreEvent): void {
    const name = `${event.type}/${event.tenant}`;
    if (this.#reported.has(name) || this.#reported.size >= reportedMax) return;
    this.#reported.add(name);
    this.#report(event);
  }
}
