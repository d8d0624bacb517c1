import { xxh3 } from '@node-rs/xxhash';
import { decode, encodeRequest, jsonToProtobuf, type SpanRecord } from '@spillway/otlp';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { metricsExample, traceExample } from './examples.ts';
import { encodeOfficial } from './official.ts';
import { sampleTraces } from './sample.ts';

const tenant = 'acme';
const trace = jsonToProtobuf('traces', Buffer.from(JSON.stringify(traceExample)));
const metrics = jsonToProtobuf('metrics', Buffer.from(JSON.stringify(metricsExample)));

describe('the format is stable', () => {
  // A change here doubles what installations have stored: it needs a new major version.
  it('of record keys and hashes', () => {
    const [span] = decode('traces', trace, { tenant }).records;
    expect([span?.key, span?.resource.hash, span?.scope.hash]).toEqual([
      'cac82baf88574ae32b4e9dcf2e2e9708',
      '9598b240579d91ba38c6e13951611cad',
      '8fdca14c3ae4b902803034cb329d6298',
    ]);
  });

  it('of data points and series', () => {
    const { records } = decode('metrics', metrics, { tenant });
    const keys = records.map((point) => [point.key, 'seriesKey' in point && point.seriesKey]);
    expect(keys).toEqual([
      ['25f6884353e2c57d873f326f08366927', 'cff412ae01ae076cb89bdf470396a899'],
      ['600be53e32b330ace30fa2700e612b0f', 'ec592f9d27839b0df9dc8f2aaf115164'],
      ['a10eab628ae519867610d14844b9573d', '24fbb699e4773e415974d63f28aaa832'],
      ['ebece4d38af4bed40f43138be69c6af8', 'b7d4946255fc5160abe23de1b9dc49ee'],
    ]);
  });
});

it('is what the format says, computed without our code', () => {
  const h = (...parts: Uint8Array[]) => {
    const hex = xxh3.xxh128(Buffer.concat(parts)).toString(16).padStart(32, '0');
    return Buffer.from(hex, 'hex');
  };
  const u32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
  const block = (bytes: Uint8Array) => Buffer.concat([u32(bytes.length), bytes]);
  const field = (of: Uint8Array, id: number) => {
    const reader = protobuf.Reader.create(of);
    for (;;) {
      const tag = reader.uint32();
      if (tag === id * 8 + 2) return reader.bytes();
      reader.skipType(tag & 7);
    }
  };
  const inResource = field(trace, 1);
  const inScope = field(inResource, 2);
  const noUrl = block(Buffer.alloc(0));
  const resource = h(block(field(inResource, 1)), noUrl);
  const scope = h(block(field(inScope, 1)), noUrl);
  const context = h(block(Buffer.from(tenant)), resource, scope);
  const key = h(context, u32(0), field(inScope, 2)).toString('hex');
  expect(decode('traces', trace, { tenant }).records[0]?.key).toBe(key);
});

describe('a key', () => {
  const body = encodeOfficial('traces', sampleTraces());
  const keysOf = (bytes: Uint8Array, ordinals?: number[]) =>
    decode('traces', bytes, { tenant, ordinals }).records.map(({ key }) => key);

  it('is one for each record, the same at each decoding', () => {
    const keys = keysOf(body);
    expect(new Set(keys).size).toBe(100);
    expect(keysOf(body)).toEqual(keys);
  });

  it('is another for another tenant, resource or scope', () => {
    const { records } = decode('traces', body, { tenant });
    const spans = records.slice(0, 1) as SpanRecord[];
    const [span] = spans as [SpanRecord];
    const variants: SpanRecord[] = [
      span,
      { ...span, resource: { ...span.resource, hash: '', schemaUrl: 'x' } },
      { ...span, resource: { ...span.resource, hash: '', attributes: [] } },
      { ...span, scope: { ...span.scope, hash: '', version: 'x' } },
      { ...span, scope: { ...span.scope, hash: '', schemaUrl: 'x' } },
      { ...span, name: 'x' },
    ];
    const keys = variants.map((variant) => keysOf(encodeRequest('traces', [variant]))[0]);
    const [other] = decode('traces', encodeRequest('traces', spans), { tenant: 'other' }).records;
    expect(new Set([...keys, other?.key]).size).toBe(7);
  });

  it('tells equal records apart by their ordinal, counted or given', () => {
    const twice = Buffer.concat([body, body]);
    const { records, ordinals } = decode('traces', twice, { tenant });
    const keys = records.map(({ key }) => key);
    expect(new Set(keys).size).toBe(200);
    expect(keys.slice(0, 100)).toEqual(keysOf(body));
    expect(ordinals).toEqual([...Array(100).fill(0), ...Array(100).fill(1)]);
    expect(keysOf(body, Array(100).fill(1))).toEqual(keys.slice(100));
    expect(decode('traces', body, { tenant }).ordinals).toBeUndefined();
  });
});

describe('a series', () => {
  it('does not depend on the order of attributes, on value, time or description', () => {
    const seriesOf = (change: (metric: Record<string, unknown>, point: Point) => void) => {
      const request = structuredClone(metricsExample);
      const metric = request.resourceMetrics[0]?.scopeMetrics[0]?.metrics[0];
      const point = metric?.sum?.dataPoints[0] as unknown as Point;
      point.attributes.push({ key: 'b', value: { intValue: '1' } });
      change(metric as unknown as Record<string, unknown>, point);
      const bytes = jsonToProtobuf('metrics', Buffer.from(JSON.stringify(request)));
      const [record] = decode('metrics', bytes, { tenant }).records;
      return record?.signal === 'metrics' ? record.seriesKey : '';
    };
    const series = seriesOf(() => {});
    const same = [
      seriesOf((_, point) => point.attributes.reverse()),
      seriesOf((_, point) => Object.assign(point, { asDouble: 7, timeUnixNano: '1' })),
      seriesOf((metric) => Object.assign(metric, { description: 'x' })),
    ];
    expect(same).toEqual([series, series, series]);
    const others = [
      seriesOf((_, point) => point.attributes.pop()),
      seriesOf((metric) => Object.assign(metric, { unit: 'x' })),
      seriesOf((metric) => Object.assign(metric.sum as object, { isMonotonic: false })),
      seriesOf((metric) => Object.assign(metric.sum as object, { aggregationTemporality: 2 })),
    ];
    expect(new Set([series, ...others]).size).toBe(5);
  });
});

interface Point {
  attributes: { key: string; value: object }[];
}
