import type { LogRecord, MetricPoint, Signal, SpanRecord, TelemetryRecord } from '@spillway/otlp';
import { createLog } from './logs.ts';
import { PointSource } from './points.ts';
import { Random } from './random.ts';
import { createServices, type Service } from './services.ts';
import { createTrace } from './spans.ts';

export interface GenerateOptions {
  traces: number;
  /** Per trace. */
  spans: number;
  /** In all; spread over the spans of the traces. */
  logs: number;
  /** In all, of every kind of metric in turn. */
  points: number;
  /** Records per request, at most. */
  batchRecordsMax: number;
  /** Equal seeds give equal records, times apart. */
  seed: number;
  /** ms since the epoch: everything lies in the minute before. */
  nowMs: number;
  /** From 1 to 12. */
  services?: number | undefined;
}

/** The records of one request. */
export interface Batch {
  signal: Signal;
  records: TelemetryRecord[];
}

const spreadNanos = 60_000_000_000n;
const servicesDefault = 6;
/** Logs or points made at a time that belong to no trace. */
const stepRecords = 100;

/**
 * Traces over several services, the logs of their spans and the metrics of their services, made
 * while they are asked for: memory holds three batches, whatever the numbers are.
 */
export function* generate(options: GenerateOptions): Generator<Batch, void, void> {
  const { traces, logs, points } = options;
  const steps = traces > 0 ? traces : Math.ceil(Math.max(logs, points) / stepRecords);
  const story = new Story(options);
  const batches = new Batches(options.batchRecordsMax);
  for (let step = 0; step < steps; step++) {
    const upTo = (total: number): number => Math.floor((total * (step + 1)) / steps);
    const spans = traces > 0 ? story.trace(step) : [];
    yield* batches.add('traces', spans);
    yield* batches.add('logs', story.logs(upTo(logs), spans));
    yield* batches.add('metrics', story.points(upTo(points), spans));
  }
  yield* batches.rest();
}

/** The story that the records form so far. */
class Story {
  readonly #options: GenerateOptions;
  readonly #random: Random;
  readonly #services: Service[];
  readonly #startUnixNano: bigint;
  readonly #points: PointSource;
  #spansMade = 0;
  #logsMade = 0;
  #pointsMade = 0;

  constructor(options: GenerateOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#services = createServices(options.services ?? servicesDefault);
    this.#startUnixNano = BigInt(options.nowMs) * 1_000_000n - spreadNanos;
    this.#points = new PointSource(this.#random, this.#startUnixNano);
  }

  trace(place: number): SpanRecord[] {
    const { traces, spans } = this.#options;
    const sequence = this.#spansMade + 1;
    this.#spansMade += spans;
    const startUnixNano = this.#moment(place, traces);
    const random = this.#random;
    return createTrace({ random, services: this.#services, spans, startUnixNano, sequence });
  }

  /** Those that are missing to `total`. */
  *logs(total: number, spans: readonly SpanRecord[]): Generator<LogRecord> {
    while (this.#logsMade < total) {
      const timeUnixNano = this.#moment(this.#logsMade, this.#options.logs);
      this.#logsMade++;
      const span = spans.length > 0 ? this.#random.pick(spans) : undefined;
      const service = this.#serviceOf(span);
      const sequence = this.#logsMade;
      yield createLog({ random: this.#random, span, service, timeUnixNano, sequence });
    }
  }

  *points(total: number, spans: readonly SpanRecord[]): Generator<MetricPoint> {
    while (this.#pointsMade < total) {
      const sequence = this.#pointsMade;
      const timeUnixNano = this.#moment(sequence, this.#options.points);
      this.#pointsMade++;
      const span = spans.length > 0 ? this.#random.pick(spans) : undefined;
      const service = this.#serviceOf(span);
      yield this.#points.create({ service, span, timeUnixNano, sequence });
    }
  }

  /** The minute, evenly; each place has a nanosecond of its own. */
  #moment(place: number, total: number): bigint {
    return this.#startUnixNano + (spreadNanos * BigInt(place)) / BigInt(total);
  }

  #serviceOf(span: SpanRecord | undefined): Service {
    const found = this.#services.find(({ resource }) => resource === span?.resource);
    return found ?? this.#random.pick(this.#services);
  }
}

/** Full batches as soon as they are full. */
class Batches {
  readonly #recordsMax: number;
  readonly #waiting: Record<Signal, TelemetryRecord[]> = { traces: [], metrics: [], logs: [] };

  constructor(recordsMax: number) {
    this.#recordsMax = recordsMax;
  }

  *add(signal: Signal, records: Iterable<TelemetryRecord>): Generator<Batch, void, void> {
    for (const record of records) {
      this.#waiting[signal].push(record);
      if (this.#waiting[signal].length >= this.#recordsMax) yield this.#take(signal);
    }
  }

  *rest(): Generator<Batch, void, void> {
    for (const signal of ['traces', 'logs', 'metrics'] as const) {
      if (this.#waiting[signal].length > 0) yield this.#take(signal);
    }
  }

  #take(signal: Signal): Batch {
    const records = this.#waiting[signal];
    this.#waiting[signal] = [];
    return { signal, records };
  }
}
