/** OTLP bodies that no SDK makes: every field of every message, and values that stores get wrong. */
import type { Signal } from '@spillway/otlp';
import { everyAnyValue } from '@spillway/store/contract';
import type { Message } from './official.ts';

export interface HandMadeOptions {
  /** Tells this body's records from those of other bodies. */
  service: string;
  /** 32 hex digits. */
  traceId: string;
  nowMs: number;
}

const everyValue = everyAnyValue();
const everyAttribute = everyValue.map((value, index) => ({ key: `value.${index}`, value }));
const attributes = { attributes: everyAttribute, droppedAttributesCount: 7 };

export function handMade(signal: Signal, options: HandMadeOptions): Message {
  const service = { key: 'service.name', value: { stringValue: options.service } };
  const resource = {
    attributes: [service, ...everyAttribute],
    droppedAttributesCount: 3,
  };
  const scope = { name: 'by hand', version: '0.1', ...attributes };
  const [schemaUrl, scopeUrl] = ['https://example.test/a', 'https://example.test/b'];
  const inner = { scope, schemaUrl: scopeUrl };
  if (signal === 'traces') {
    const scopeSpans = [{ ...inner, spans: spans(options) }];
    return { resourceSpans: [{ resource, schemaUrl, scopeSpans }] };
  }
  if (signal === 'logs') {
    const scopeLogs = [{ ...inner, logRecords: logRecords(options) }];
    return { resourceLogs: [{ resource, schemaUrl, scopeLogs }] };
  }
  const scopeMetrics = [{ ...inner, metrics: metrics(options) }];
  return { resourceMetrics: [{ resource, schemaUrl, scopeMetrics }] };
}

function spans({ traceId, nowMs }: HandMadeOptions): Message[] {
  const [start, end] = [nanos(nowMs, 1), nanos(nowMs, 999_999_999)];
  const common = { traceId, name: 'by hand', startTimeUnixNano: start, endTimeUnixNano: end };
  const linked = { traceId: 'f'.repeat(32), spanId: 'e'.repeat(16), traceState: 'a=b', flags: 769 };
  return [
    {
      ...common,
      spanId: '1111111111111111',
      parentSpanId: '9999999999999999',
      traceState: 'vendor=x,other=y',
      flags: 0x301,
      kind: 2,
      ...attributes,
      events: [
        { timeUnixNano: nanos(nowMs, 3), name: 'event', ...attributes },
        { timeUnixNano: nanos(nowMs, 2), name: '' },
      ],
      droppedEventsCount: 5,
      links: [
        { ...linked, ...attributes },
        { ...linked, spanId: 'd'.repeat(16) },
      ],
      droppedLinksCount: 4_294_967_295,
      status: { code: 2, message: 'it "broke"\n' },
    },
    { ...common, spanId: '2222222222222222', parentSpanId: '1111111111111111', kind: 5 },
    { ...common, spanId: '3333333333333333', status: { code: 1 }, endTimeUnixNano: start },
    // The clock went back: an end before its start is kept as it is.
    { ...common, spanId: '4444444444444444', startTimeUnixNano: end, endTimeUnixNano: start },
  ];
}

function logRecords({ traceId, nowMs }: HandMadeOptions): Message[] {
  const bodies = [...everyValue.map((body) => ({ body })), {}];
  const observed = { observedTimeUnixNano: nanos(nowMs, 5) };
  return [
    ...bodies.map((body, index) => ({
      ...body,
      ...observed,
      timeUnixNano: nanos(nowMs, index),
      severityNumber: index % 25,
    })),
    {
      ...observed,
      severityText: 'without a time',
      flags: 257,
      traceId,
      spanId: '1111111111111111',
      eventName: 'device.app.lifecycle',
      body: { stringValue: 'all fields' },
      ...attributes,
    },
    { severityText: 'without any time' },
  ];
}

function metrics({ traceId, nowMs }: HandMadeOptions): Message[] {
  const times = { startTimeUnixNano: nanos(nowMs, -60), timeUnixNano: nanos(nowMs, 60) };
  const exemplar = { timeUnixNano: nanos(nowMs, 6), traceId, spanId: '1111111111111111' };
  const exemplars = [
    { ...exemplar, asDouble: 0.5, filteredAttributes: everyAttribute },
    { ...exemplar, asInt: '-9223372036854775808' },
    { timeUnixNano: nanos(nowMs, 7), asDouble: 1e-300 },
  ];
  const point = (name: string, fields: object): Message => {
    return { attributes: [{ key: 'p', value: { stringValue: name } }], ...times, ...fields };
  };
  const named = (name: string, data: object): Message => ({
    name: `hand.${name}`,
    description: 'Made by hand',
    unit: 'By',
    metadata: everyAttribute,
    ...data,
  });
  return [
    named('gauge', {
      gauge: {
        dataPoints: [
          { ...times, attributes: everyAttribute, asInt: '9223372036854775807', exemplars },
          point('double', { asDouble: -1.5e300 }),
          point('nan', { asDouble: 'NaN' }),
          point('infinity', { asDouble: '-Infinity' }),
          point('zero', { asInt: '0' }),
          point('none', { flags: 1 }),
        ],
      },
    }),
    named('sum.cumulative', {
      sum: {
        aggregationTemporality: 2,
        isMonotonic: true,
        dataPoints: [point('a', { asInt: '9007199254740993', exemplars })],
      },
    }),
    named('sum.delta', {
      sum: { aggregationTemporality: 1, dataPoints: [point('a', { asDouble: -2 })] },
    }),
    named('histogram', {
      histogram: {
        aggregationTemporality: 1,
        dataPoints: [
          point('full', {
            count: '18446744073709551615',
            sum: 12.5,
            min: -1,
            max: 10,
            bucketCounts: ['1', '18446744073709551613', '1'],
            explicitBounds: [0, 5.5],
            exemplars,
          }),
          point('bare', { count: '3' }),
        ],
      },
    }),
    named('exponential', {
      exponentialHistogram: {
        aggregationTemporality: 2,
        dataPoints: [
          point('full', {
            count: '12',
            sum: -3.25,
            min: -4,
            max: 4,
            scale: -3,
            zeroCount: '2',
            zeroThreshold: 1e-9,
            positive: { offset: -7, bucketCounts: ['1', '0', '4'] },
            negative: { offset: 2_147_483_647, bucketCounts: ['5'] },
            exemplars,
          }),
          point('bare', { count: '1', zeroCount: '1', positive: {} }),
        ],
      },
    }),
    named('summary', {
      summary: {
        dataPoints: [
          point('full', {
            count: '100',
            sum: 1234.5,
            quantileValues: [
              { quantile: 0, value: 1 },
              { quantile: 0.5, value: 12 },
              { quantile: 1, value: 99.5 },
            ],
          }),
          point('bare', { count: '0' }),
        ],
      },
    }),
  ];
}

function nanos(ms: number, offset: number): string {
  return String(BigInt(ms) * 1_000_000n + BigInt(offset));
}
