import { OTLPLogExporter as GrpcLogs } from '@opentelemetry/exporter-logs-otlp-grpc';
import { OTLPLogExporter as JsonLogs } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as ProtobufLogs } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter as GrpcMetrics } from '@opentelemetry/exporter-metrics-otlp-grpc';
import { OTLPMetricExporter as JsonMetrics } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtobufMetrics } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter as GrpcTraces } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonTraces } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufTraces } from '@opentelemetry/exporter-trace-otlp-proto';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectAll } from './support/answers.ts';
import { coverageOf } from './support/coverage.ts';
import { expectedOf } from './support/expected.ts';
import { type JsExporters, tellJsStory } from './support/js-story.ts';
import { type Spillway, startSpillway } from './support/spillway.ts';
import { startTap } from './support/tap.ts';

let spillway: Spillway;

beforeAll(async () => {
  spillway = await startSpillway();
});

afterAll(() => spillway?.stop());

const gzip = { compression: CompressionAlgorithm.GZIP };

interface Case {
  door: 'http' | 'grpc';
  create: (url: string) => JsExporters;
}

const cases: Readonly<Record<string, Case>> = {
  'http-protobuf': {
    door: 'http',
    create: (url) => ({
      spans: new ProtobufTraces({ url: `${url}/v1/traces` }),
      logs: new ProtobufLogs({ url: `${url}/v1/logs`, ...gzip }),
      metrics: new ProtobufMetrics({ url: `${url}/v1/metrics` }),
    }),
  },
  'http-json': {
    door: 'http',
    create: (url) => ({
      spans: new JsonTraces({ url: `${url}/v1/traces`, ...gzip }),
      logs: new JsonLogs({ url: `${url}/v1/logs` }),
      metrics: new JsonMetrics({ url: `${url}/v1/metrics` }),
    }),
  },
  grpc: {
    door: 'grpc',
    create: (url) => ({
      spans: new GrpcTraces({ url }),
      logs: new GrpcLogs({ url }),
      metrics: new GrpcMetrics({ url, ...gzip }),
    }),
  },
};

/** The JavaScript SDK (3.1) has no exemplars, and no instrument makes a summary. */
const everything = {
  values: [
    'arrayValue',
    'boolValue',
    'bytesValue',
    'doubleValue',
    'empty',
    'intValue',
    'kvlistValue',
    'stringValue',
  ],
  metrics: ['exponential_histogram', 'gauge', 'histogram', 'monotonic sum', 'sum'],
  exemplars: false,
  events: true,
  links: true,
  statuses: [0, 1, 2],
  kinds: [1, 2, 3, 4, 5],
};

test.each(Object.entries(cases))(
  'what the JavaScript SDK sends over %s comes back',
  async (name, { door, create }) => {
    const tap = await startTap({ address: spillway[door], kind: door });
    await tellJsStory(`js-${name}`, create(`http://${tap.address}`));
    const sent = expectedOf(await tap.requests());
    await tap.close();
    expect(coverageOf(sent)).toMatchObject(everything);
    await expectAll(spillway, sent);
  },
);
