/**
 * The OTLP signals, declared once. Whatever differs between them is a `Record<Signal, …>` or a
 * `switch` that ends in {@link unreachable}: a new one does not compile until each has decided.
 */
export const signals = ['traces', 'metrics', 'logs'] as const;

/** A kind of telemetry that OTLP carries in messages of its own, see {@link signals}. */
export type Signal = (typeof signals)[number];

/**
 * The path on which OTLP/HTTP takes the requests of a signal. Source: the OTLP specification,
 * "OTLP/HTTP Request".
 */
export const httpPathOf: Readonly<Record<Signal, string>> = {
  traces: '/v1/traces',
  metrics: '/v1/metrics',
  logs: '/v1/logs',
};

/** The gRPC service whose method `Export` takes them. Source: opentelemetry-proto, `collector/`. */
export const grpcServiceOf: Readonly<Record<Signal, string>> = {
  traces: 'opentelemetry.proto.collector.trace.v1.TraceService',
  metrics: 'opentelemetry.proto.collector.metrics.v1.MetricsService',
  logs: 'opentelemetry.proto.collector.logs.v1.LogsService',
};

/**
 * Whether a value from outside, such as a field of a stored note, names one of the {@link signals}.
 */
export function isSignal(value: unknown): value is Signal {
  return signals.some((signal) => signal === value);
}

/**
 * Ends a `switch` over a closed set, so that a new member does not compile until the switch
 * decides about it. Throws a TypeError if a value from outside the set gets here nevertheless.
 */
export function unreachable(value: never): never {
  throw new TypeError(`Unexpected ${String(value)}`);
}
