import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { expectedRecords } from '../../test/expected.ts';
import { decode, OtlpError, recordsMax, type Signal, scan } from '../index.ts';

const slots = Uint16Array.from({ length: 65_536 }, (_, slot) => slot % 4);

describe('framing', () => {
  it('names the place, the length and the offset', () => {
    const span = Buffer.from(field(2, Buffer.alloc(40)));
    const truncated = Buffer.concat([field(2, Buffer.alloc(3)), span.subarray(0, 12)]);
    const length = truncated.length;
    const body = Buffer.concat([field(1, Buffer.alloc(0)), field(1, field(2, truncated))]);
    const error = errorOf('traces', body);
    expect(error).toMatchObject({
      code: 'malformed',
      path: 'resource_spans[1].scope_spans[0].spans[1]',
      message: `resource_spans[1].scope_spans[0].spans[1]: length 40 exceeds the remaining 10 bytes at offset ${body.length - length + 6}`,
      offset: body.length - length + 6,
    });
  });

  it('names a data point by its metric and type', () => {
    const points = Buffer.concat([field(1, Buffer.alloc(2)), Buffer.of(0x0a, 5)]);
    const metric = Buffer.concat([field(1, Buffer.from('name')), field(7, points)]);
    const body = field(1, field(2, Buffer.concat([field(2, Buffer.alloc(0)), field(2, metric)])));
    expect(errorOf('metrics', body).path).toBe(
      'resource_metrics[0].scope_metrics[0].metrics[1].sum.data_points[1]',
    );
  });

  it.each([
    ['field number 0', Buffer.of(0x02, 0)],
    ['varint ends early', Buffer.of(0x0a)],
    ['varint ends early', Buffer.of(0x80)],
    ['varint longer than 10 bytes', Buffer.of(0x78, ...Array(11).fill(0x80), 0)],
    ['field number out of range', Buffer.of(0xff, 0xff, 0xff, 0xff, 0x7f, 0)],
    ['field 1 has wire type 3', Buffer.of(0x0b, 0x0c)],
    ['field 15 has wire type 4', Buffer.of(0x7c)],
    ['field 15 has wire type 6', Buffer.of(0x7e)],
    ['field 15 has wire type 7', Buffer.of(0x7f)],
    ['8 bytes wanted, 3 remain', Buffer.of(0x79, 1, 2, 3)],
    ['4 bytes wanted, 0 remain', Buffer.of(0x7d)],
    ['length 18446744073709552000 exceeds', Buffer.of(0x0a, ...Array(9).fill(0xff), 1)],
  ])('refuses: %s', (message, bytes) => {
    expect(errorOf('logs', bytes).message).toContain(message);
    const inResource = errorOf('logs', field(1, bytes));
    expect(inResource.message).toContain(message);
    expect(inResource.path).toMatch(/^resource_logs\[0\]/);
    const record = field(1, field(2, field(2, bytes)));
    expect(scan('logs', record, slots).records).toBe(1);
  });

  it('takes fields of an unexpected wire type for unknown ones', () => {
    expect(scan('traces', Buffer.of(0x08, 1, 0x0d, 1, 2, 3, 4), slots)).toEqual({
      records: 0,
      slices: [],
    });
  });

  it('refuses more records than any client sends', () => {
    const records = Buffer.alloc(2 * (recordsMax + 1));
    for (let at = 0; at < records.length; at += 2) records[at] = 0x12;
    expect(errorOf('logs', field(1, field(2, records))).code).toBe('too-many-records');
    const enough = field(1, field(2, records.subarray(2)));
    expect(scan('logs', enough, slots).records).toBe(recordsMax);
  });
});

describe('nothing', () => {
  it.each(['traces', 'metrics', 'logs'] as const)('is a request without records: %s', (signal) => {
    for (const body of [Buffer.alloc(0), field(1, Buffer.alloc(0)), field(1, field(2, field(1)))]) {
      expect(scan(signal, body, slots)).toEqual({ records: 0, slices: [] });
    }
  });
});

describe('what protobuf allows', () => {
  const ids = [1, 2, 3, 4].map((last) => Buffer.from([...Array(15).fill(9), last]));
  const spanOf = (...fields: Uint8Array[]) => field(2, ...fields, field(2, Buffer.alloc(8, 7)));

  it('keeps a resource in parts, before and after the spans, in every slice', () => {
    const [a, b] = [field(1, attribute('a')), field(1, attribute('b'))];
    const scope = field(2, ...ids.map((id) => spanOf(field(1, id))));
    const body = field(1, field(1, a), scope, field(3, Buffer.from('url')), field(1, b));
    const { slices } = scan('traces', body, slots);
    expect(slices.map(({ partition }) => partition)).toEqual([1, 2, 3, 0]);
    const whole = decode('traces', body, { tenant: '' }).records;
    for (const [index, slice] of slices.entries()) {
      const { records } = decode('traces', Buffer.concat(slice.chunks), { tenant: '' });
      expect(records).toEqual([{ ...whole[index], index: 0 }]);
      expect(records[0]?.resource.attributes.map(({ key }) => key)).toEqual(['a', 'b']);
    }
  });

  it('takes the trace id that a span begins with, else the last of several', () => {
    const [one, other] = [field(1, ids[0] as Buffer), field(1, ids[2] as Buffer)];
    const name = field(5, Buffer.from('first'));
    const partitionOf = (span: Uint8Array) =>
      scan('traces', field(1, field(2, span)), slots).slices[0]?.partition;
    expect(partitionOf(spanOf(one, name))).toBe(1);
    expect(partitionOf(spanOf(one, other))).toBe(1);
    expect(partitionOf(spanOf(name, one, other))).toBe(3);
  });

  it('puts spans without a valid trace id into slot 0', () => {
    const name = field(5, Buffer.from('first'));
    const wrong = [
      spanOf(),
      spanOf(field(1, Buffer.alloc(15, 1))),
      field(2, name, field(1, ids[1] as Buffer), Buffer.of(0x12, 99)),
      field(2, name, field(1, ids[1] as Buffer), Buffer.of(0x7b)),
      field(2, name, field(1, ids[1] as Buffer), Buffer.of(0x78, ...Array(12).fill(0xff))),
    ];
    for (const span of wrong) {
      const { records, slices } = scan('traces', field(1, field(2, span)), slots);
      expect([records, slices[0]?.partition]).toEqual([1, 0]);
    }
  });

  it('counts the points of the last type of data, merged over its fields', () => {
    const point = field(1, Buffer.of(0x31, 1, 0, 0, 0, 0, 0, 0, 0));
    const monotonic = Buffer.of(0x18, 1);
    const metric = field(2, field(5, point), field(7, point, monotonic), field(7, point, point));
    const body = field(1, field(2, metric));
    expect(scan('metrics', body, slots).records).toBe(3);
    const { records, broken } = decode('metrics', body, { tenant: '' });
    expect(broken).toEqual([]);
    expect(records).toHaveLength(3);
    expect(records[2]).toMatchObject({ metric: { type: 'sum', monotonic: true } });
    expect(expectedRecords('metrics', field(1, field(2, field(2, field(7, point)))))).toHaveLength(
      1,
    );
  });

  it('hashes a resource in parts as the parts together', () => {
    const parts = [attribute('a'), attribute('b')].map((bytes) => field(1, bytes));
    const logs = field(2, field(2));
    const apart = scan('logs', field(1, ...parts.map((part) => field(1, part)), logs), slots);
    const together = scan('logs', field(1, field(1, ...parts), logs), slots);
    expect(apart.slices[0]?.partition).toBe(together.slices[0]?.partition);
  });
});

function errorOf(signal: Signal, body: Uint8Array): OtlpError {
  try {
    scan(signal, body, slots);
  } catch (error) {
    if (error instanceof OtlpError) return error;
    throw error;
  }
  throw new Error('not refused');
}

function field(id: number, ...parts: Uint8Array[]): Uint8Array {
  const writer = protobuf.Writer.create().uint32(id * 8 + 2);
  return writer.bytes(Buffer.concat(parts)).finish();
}

function attribute(key: string): Uint8Array {
  return field(1, Buffer.from(key));
}
