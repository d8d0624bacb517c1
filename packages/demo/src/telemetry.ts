import type { Attributes, Logger, SpanContext, Tracer } from '@opentelemetry/api';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import {
  AggregationType,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { waitAtMost } from '@spillway/resilience';
import { boundsS, Exemplars } from './exemplars.ts';
import { ExemplarMetricExporter } from './metric-exporter.ts';
import { type Count, type ServiceName, serviceNames } from './steps.ts';

export interface TelemetryOptions {
  /** `http://host:port` of an OTLP/HTTP door. */
  httpEndpoint: string;
  key: string | undefined;
  /** Value of a service's gauge at the moment of collection. */
  gauge: (service: ServiceName, gauge: GaugeName) => number;
}

export type GaugeName = 'system.cpu.utilization' | 'shop.queue.depth' | 'shop.provider.connections';

/** What one service of the shop reports through: providers and a resource of its own. */
interface ServiceTelemetry {
  tracer: Tracer;
  logger: Logger;
  /** Seconds, into `http.server.request.duration` or `db.client.operation.duration`. */
  duration(of: Duration): void;
  count(of: Count): void;
}

interface Duration {
  metric: 'http.server.request.duration' | 'db.client.operation.duration';
  seconds: number;
  timeMs: number;
  attributes: Attributes;
  span: SpanContext;
}

export interface Telemetry {
  services: Readonly<Record<ServiceName, ServiceTelemetry>>;
  /** Sends what is waiting; idempotent. */
  stop(): Promise<void>;
}

const scope = 'spillway.demo';
const delayMs = 1_000;
const metricIntervalMs = 5_000;
const stopTimeoutMs = 2_000;

/**
 * The official SDK, once per service. Spans and logs of all services go through one processor and
 * exporter (each carries its resource along), so that a request holds a second of the shop.
 */
export function createTelemetry(options: TelemetryOptions): Telemetry {
  const { httpEndpoint, key } = options;
  const headers = key === undefined ? {} : { Authorization: `Bearer ${key}` };
  const batching = { scheduledDelayMillis: delayMs };
  const to = (path: string) => ({ url: `${httpEndpoint}/v1/${path}`, headers });
  const spans = new BatchSpanProcessor({
    exporter: new OTLPTraceExporter(to('traces')),
    ...batching,
  });
  const logs = new BatchLogRecordProcessor({
    exporter: new OTLPLogExporter(to('logs')),
    ...batching,
  });
  const meters: MeterProvider[] = [];
  const create = (name: ServiceName): ServiceTelemetry => {
    const resource = resourceFromAttributes(resourceAttributes(name));
    const exemplars = new Exemplars();
    const exporter = new ExemplarMetricExporter({ ...to('metrics'), exemplars });
    const reader = new PeriodicExportingMetricReader({
      exporter,
      exportIntervalMillis: metricIntervalMs,
    });
    const provider = new MeterProvider({ resource, readers: [reader], views: [exponentialView] });
    meters.push(provider);
    return {
      tracer: new TracerProvider({ resource, spanProcessors: [spans] }).getTracer(scope),
      logger: new LoggerProvider({ resource, processors: [logs] }).getLogger(scope),
      ...instruments(name, provider, exemplars, options.gauge),
    };
  };
  const services = Object.fromEntries(serviceNames.map((name) => [name, create(name)]));
  return {
    services: services as Telemetry['services'],
    async stop() {
      const parts = [spans, logs, ...meters].map((part) => part.shutdown());
      // What cannot be delivered is lost with the shop: nothing waits for the exporters' retries.
      await waitAtMost(Promise.allSettled(parts), { ms: stopTimeoutMs });
    },
  };
}

/** The durations of the database as an exponential histogram, so that the page has one. */
const exponentialView = {
  instrumentName: 'db.client.operation.duration',
  aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM, options: { maxSize: 40 } },
} as const;

function resourceAttributes(name: ServiceName): Attributes {
  return {
    'service.name': name,
    'service.namespace': 'demo-shop',
    'service.version': '1.4.2',
    'service.instance.id': `${name}-1`,
    'deployment.environment.name': 'demo',
  };
}

function instruments(
  name: ServiceName,
  provider: MeterProvider,
  exemplars: Exemplars,
  gauge: TelemetryOptions['gauge'],
): Pick<ServiceTelemetry, 'duration' | 'count'> {
  const meter = provider.getMeter(scope);
  const durations = {
    'http.server.request.duration': meter.createHistogram('http.server.request.duration', {
      unit: 's',
      description: 'Duration of HTTP server requests.',
      advice: { explicitBucketBoundaries: boundsS },
    }),
    'db.client.operation.duration': meter.createHistogram('db.client.operation.duration', {
      unit: 's',
      description: 'Duration of database client operations.',
    }),
  };
  const counters = {
    'shop.orders': meter.createCounter('shop.orders', { unit: '{order}' }),
    'shop.revenue': meter.createCounter('shop.revenue', { unit: 'EUR' }),
    'shop.carts.open': meter.createUpDownCounter('shop.carts.open', { unit: '{cart}' }),
  };
  for (const [gaugeName, unit] of gaugesOf(name)) {
    const observable = meter.createObservableGauge(gaugeName, { unit });
    observable.addCallback((result) => result.observe(gauge(name, gaugeName)));
  }
  return {
    duration({ metric, seconds: value, timeMs, attributes, span }) {
      durations[metric].record(value, attributes);
      exemplars.offer({ metric, attributes, value, timeMs, span });
    },
    count: ({ counter, value, attributes }) => counters[counter].add(value, attributes),
  };
}

function gaugesOf(name: ServiceName): [GaugeName, string][] {
  const gauges: [GaugeName, string][] = [['system.cpu.utilization', '1']];
  if (name === 'order-worker') gauges.push(['shop.queue.depth', '{message}']);
  if (name === 'payment') gauges.push(['shop.provider.connections', '{connection}']);
  return gauges;
}
