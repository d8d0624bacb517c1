import { decode, type Signal, scan } from '@spillway/otlp';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';

const tenant = 't';
const slots = new Uint16Array(65_536);
const id = (length: number) => Buffer.alloc(length, 0xab);
const traceId = field(1, id(16));
const spanId = field(2, id(8));
const goodSpan = [traceId, spanId];

/** The message's only broken record, between two good ones. */
function brokenSpan(...fields: Uint8Array[]) {
  return brokenAmong('traces', [goodSpan, fields, goodSpan]);
}

function brokenLog(...fields: Uint8Array[]) {
  return brokenAmong('logs', [[], fields, []]);
}

function brokenAmong(signal: Signal, records: Uint8Array[][]) {
  const body = field(1, field(2, ...records.map((fields) => field(2, ...fields))));
  return brokenIn(signal, body, records.length);
}

function brokenIn(signal: Signal, body: Uint8Array, count: number) {
  expect(scan(signal, body, slots).records).toBe(count);
  const { records, broken } = decode(signal, body, { tenant });
  expect(records.map(({ index }) => index)).toEqual([0, 2]);
  expect(broken).toHaveLength(1);
  const [{ key, ...rest } = { key: '' }] = broken;
  expect(key).toMatch(/^[0-9a-f]{32}$/);
  expect(rest).toMatchObject({ index: 1 });
  return rest as { code: string; reason: string };
}

describe('a span', () => {
  const place = 'resource_spans[0].scope_spans[0].spans[1]';

  it.each([
    ['invalid-trace-id', 'trace_id is missing', [spanId]],
    ['invalid-trace-id', 'trace_id is all zero', [field(1, Buffer.alloc(16)), spanId]],
    ['invalid-trace-id', 'trace_id has 15 bytes, not 16', [field(1, id(15)), spanId]],
    ['invalid-span-id', 'span_id is missing', [traceId]],
    ['invalid-span-id', 'span_id is all zero', [traceId, field(2, Buffer.alloc(8))]],
    ['invalid-span-id', 'span_id has 9 bytes, not 8', [traceId, field(2, id(9))]],
    ['invalid-span-id', 'parent_span_id has 4 bytes, not 8', [...goodSpan, field(4, id(4))]],
    [
      'invalid-trace-id',
      'links[1].trace_id has 1 bytes, not 16',
      [...goodSpan, field(13), field(13, field(1, id(1)))],
    ],
    ['malformed-record', 'name: length 80 exceeds the remaining 1 bytes', [Buffer.of(0x2a, 80, 1)]],
    [
      'malformed-record',
      'attributes[1].value.array_value.values[0].int_value: varint ends early',
      [field(9), field(9, field(2, field(5, field(1, Buffer.of(0x18, 0x80)))))],
    ],
    ['malformed-record', 'dropped_events_count: field 12 has wire type 3', [Buffer.of(0x63)]],
    ['malformed-record', 'status.message: length 2 exceeds', [field(15, Buffer.of(0x12, 2, 65))]],
    [
      'malformed-record',
      'events[0].attributes[0].key: length 4 exceeds',
      [field(11, field(3, Buffer.of(0x0a, 4))), ...goodSpan],
    ],
  ] as const)('with %s: %s', (code, reason, fields) => {
    const broken = brokenSpan(...fields);
    expect(broken.code).toBe(code);
    expect(broken.reason).toContain(`${place}: ${reason}`);
  });

  it('may have a parent and links without ids', () => {
    const body = field(1, field(2, field(2, ...goodSpan, field(4, Buffer.alloc(8)), field(13))));
    const { records } = decode('traces', body, { tenant });
    expect(records).toMatchObject([{ parentSpanId: '', links: [{ traceId: '', spanId: '' }] }]);
  });

  it('names an offset in the message', () => {
    const { reason } = brokenSpan(...goodSpan, Buffer.of(0x2a, 9, 1));
    const at = Number(/at offset (\d+)$/.exec(reason)?.[1]);
    const body = field(
      1,
      field(
        2,
        ...[goodSpan, [...goodSpan, Buffer.of(0x2a, 9, 1)], goodSpan].map((fields) =>
          field(2, ...fields),
        ),
      ),
    );
    expect(body[at]).toBe(9);
  });
});

describe('a log record', () => {
  it('may have no ids, or ids of zeros', () => {
    const body = field(1, field(2, field(2), field(2, field(9, Buffer.alloc(16)), field(10))));
    const { records, broken } = decode('logs', body, { tenant });
    expect(broken).toEqual([]);
    expect(records).toMatchObject([
      { traceId: '', spanId: '' },
      { traceId: '', spanId: '' },
    ]);
  });

  it('is broken by an id of another length', () => {
    expect(brokenLog(field(9, id(8))).code).toBe('invalid-trace-id');
    expect(brokenLog(field(10, id(16))).code).toBe('invalid-span-id');
  });

  it('is broken by a value nested deeper than 100, and not by one of 100', () => {
    const nested = (depth: number) => {
      let value = field(1, Buffer.from('x'));
      for (let level = 1; level < depth; level++) value = field(5, field(1, value));
      return field(5, value);
    };
    expect(brokenLog(nested(101)).reason).toContain('value nested deeper than 100');
    expect(brokenLog(nested(20_000)).code).toBe('malformed-record');
    const body = field(1, field(2, field(2, nested(100))));
    expect(decode('logs', body, { tenant }).records).toHaveLength(1);
  });

  it('replaces what is not UTF-8', () => {
    const text = Buffer.from([0x61, 0xff, 0x62]);
    const body = field(1, field(2, field(2, field(3, text), field(5, field(1, text)))));
    expect(decode('logs', body, { tenant }).records).toMatchObject([
      { severityText: 'a\ufffdb', body: { stringValue: 'a\ufffdb' } },
    ]);
  });
});

describe('a data point', () => {
  const value = Buffer.of(0x31, 1, 0, 0, 0, 0, 0, 0, 0);
  const among = (tag: number, good: Uint8Array, bad: Uint8Array, ...rest: Uint8Array[]) => {
    const points = field(tag, field(1, good), field(1, bad), field(1, good));
    return brokenIn('metrics', field(1, field(2, field(2, points, ...rest))), 3);
  };

  it('without a value has no data, unless it says so', () => {
    expect(among(5, value, Buffer.alloc(0))).toEqual({
      index: 1,
      code: 'no-data',
      reason:
        'resource_metrics[0].scope_metrics[0].metrics[0].gauge.data_points[1]: neither as_int nor as_double is set',
    });
    const flagged = field(1, field(2, field(2, field(5, field(1, Buffer.of(0x40, 1))))));
    expect(decode('metrics', flagged, { tenant }).records).toMatchObject([
      { flags: 1, value: undefined },
    ]);
  });

  it('has one bucket more than bounds', () => {
    const bounds = field(7, Buffer.alloc(16));
    expect(among(9, Buffer.alloc(0), bounds).reason).toContain(
      '0 bucket_counts do not fit 2 explicit_bounds',
    );
  });

  it('is broken by metadata of its metric that is malformed', () => {
    const metadata = field(12, Buffer.of(0x0a, 9));
    const points = field(5, field(1, value));
    const body = field(1, field(2, field(2, points, metadata), field(2, points)));
    const { records, broken } = decode('metrics', body, { tenant });
    expect(records).toHaveLength(1);
    expect(broken).toMatchObject([{ index: 0, code: 'malformed-record' }]);
    expect(broken[0]?.reason).toContain('metadata.key: length 9 exceeds');
  });
});

it.each([1, 2])('a malformed resource or scope breaks what is under it, and no more', (level) => {
  const malformed = field(1, Buffer.of(0x0a, 9));
  const bad =
    level === 1 ? field(1, malformed, field(2, field(2))) : field(1, field(2, malformed, field(2)));
  const good = field(1, field(2, field(2)));
  const { reason } = brokenIn('logs', Buffer.concat([good, bad, good]), 3);
  expect(reason).toContain(`${level === 1 ? 'resource.attributes[0]' : 'scope.name'}: length 9`);
});

function field(number: number, ...parts: Uint8Array[]): Uint8Array {
  const writer = protobuf.Writer.create().uint32(number * 8 + 2);
  return writer.bytes(Buffer.concat(parts)).finish();
}
