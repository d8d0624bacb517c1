/** Everything that the OpenTelemetry JavaScript SDK can say, said once. */
import {
  type Attributes,
  ROOT_CONTEXT,
  SeverityNumber,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
  ValueType,
} from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchLogRecordProcessor,
  LoggerProvider,
  type LogRecordExporter,
} from '@opentelemetry/sdk-logs';
import {
  AggregationType,
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';

export interface JsExporters {
  spans: SpanExporter;
  logs: LogRecordExporter;
  metrics: PushMetricExporter;
}

const scope = ['conformance-js', '1.2.3', { schemaUrl: 'https://example.test/scope/1' }] as const;

/** Resolves when everything was exported. */
export async function tellJsStory(service: string, exporters: JsExporters): Promise<void> {
  const resource = resourceFromAttributes(
    { 'service.name': service, 'resource.numbers': [1, 2] },
    { schemaUrl: 'https://example.test/resource/1' },
  );
  const spanProcessors = [new BatchSpanProcessor({ exporter: exporters.spans })];
  const tracers = new TracerProvider({ resource, spanProcessors });
  const processors = [new BatchLogRecordProcessor({ exporter: exporters.logs })];
  const loggers = new LoggerProvider({ resource, processors });
  const readers = [new PeriodicExportingMetricReader({ exporter: exporters.metrics })];
  const meters = new MeterProvider({ resource, readers, views: [exponentialView] });
  tellTrace(tracers);
  tellLogs(tracers, loggers);
  tellMetrics(meters);
  for (const provider of [tracers, loggers, meters]) {
    await provider.forceFlush();
    await provider.shutdown();
  }
}

/** What an attribute or a body may be; `undefined` keys and BigInt are not for the SDK. */
const everyValue: Attributes = {
  string: 'line\nend "quoted" \\ 日本 🚰 \u0000',
  'string.empty': '',
  'bool.true': true,
  'bool.false': false,
  int: -42,
  'int.beyond.2^53': 2 ** 60,
  // Not -(2^63): the JSON exporter writes a double's shortest digits, which are out of range.
  'int.below.-2^53': -(2 ** 62),
  double: 0.1,
  'double.nan': Number.NaN,
  'double.infinity': Number.NEGATIVE_INFINITY,
  'double.small': 5e-324,
  bytes: new Uint8Array([0, 1, 255]),
  'bytes.empty': new Uint8Array(),
  empty: null,
  'array.strings': ['a', ''],
  'array.mixed': [1, 'a', true, null, 0.5, [2], { deep: [3] }],
  'array.empty': [],
  map: { b: '1', a: 2, inner: { list: [false], bytes: new Uint8Array([7]) } },
  'map.empty': {},
};

const exponentialView = {
  instrumentName: 'js.exponential',
  aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM, options: { maxSize: 20 } },
} as const;

function tellTrace(provider: TracerProvider): void {
  const tracer = provider.getTracer(...scope);
  const root = tracer.startSpan('root', { kind: SpanKind.SERVER, attributes: everyValue });
  const inRoot = trace.setSpan(ROOT_CONTEXT, root);
  const linked = {
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
    traceFlags: TraceFlags.SAMPLED,
  };
  for (const kind of [SpanKind.CLIENT, SpanKind.INTERNAL, SpanKind.PRODUCER, SpanKind.CONSUMER]) {
    const links = [{ context: linked, attributes: everyValue }, { context: root.spanContext() }];
    const span = tracer.startSpan(`child ${SpanKind[kind]}`, { kind, links }, inRoot);
    span.addEvent('plain');
    span.addEvent('with attributes', everyValue);
    span.recordException(new TypeError('it went wrong'));
    if (kind === SpanKind.CLIENT) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: 'it went wrong' });
    }
    if (kind === SpanKind.PRODUCER) span.setStatus({ code: SpanStatusCode.OK });
    span.end();
  }
  root.end();
}

function tellLogs(tracers: TracerProvider, provider: LoggerProvider): void {
  const logger = provider.getLogger(...scope);
  const span = tracers.getTracer(...scope).startSpan('with logs');
  const context = trace.setSpan(ROOT_CONTEXT, span);
  for (const [name, body] of Object.entries(everyValue)) {
    logger.emit({ body, attributes: { name }, context, severityNumber: SeverityNumber.WARN2 });
  }
  logger.emit({ body: everyValue, severityText: 'NOTICE', attributes: everyValue });
  logger.emit({ eventName: 'only.a.name', timestamp: Date.now() - 1000 });
  span.end();
}

function tellMetrics(provider: MeterProvider): void {
  const meter = provider.getMeter(...scope);
  const options = { unit: '{thing}', description: 'Things, counted' };
  const attributes = { route: '/a', status: 200, ok: true, weights: [0.5, 1.5] };
  const whole = { ...options, valueType: ValueType.INT };
  meter.createCounter('js.counter', options).add(1.5, attributes);
  meter.createCounter('js.counter.int', whole).add(2 ** 53 - 1, attributes);
  meter.createUpDownCounter('js.up.down', options).add(-3, attributes);
  meter.createUpDownCounter('js.up.down.int', whole).add(-3, attributes);
  meter.createGauge('js.gauge', options).record(-0.25, attributes);
  meter.createGauge('js.gauge.int', whole).record(-7);
  const histogram = meter.createHistogram('js.histogram', {
    ...options,
    advice: { explicitBucketBoundaries: [0, 1, 10] },
  });
  const exponential = meter.createHistogram('js.exponential', options);
  for (const value of [0, 0.5, 1, 3, 40, 5000]) {
    histogram.record(value, attributes);
    exponential.record(value, attributes);
  }
  const observed = { 'js.observed': 3.25, 'js.observed.sum': 17 };
  meter.createObservableGauge('js.observed').addCallback((result) => {
    result.observe(observed['js.observed'], attributes);
    result.observe(-observed['js.observed'], { ...attributes, route: '/b' });
  });
  meter.createObservableCounter('js.observed.sum').addCallback((result) => {
    result.observe(observed['js.observed.sum']);
  });
}
