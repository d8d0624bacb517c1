import { xxh3 } from '@node-rs/xxhash';
import { decode, extract, type Signal, scan, signals } from '@spillway/otlp';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { bodyArbitrary } from './bodies.ts';
import { expectedRecords } from './expected.ts';
import { encodeOfficial } from './official.ts';
import { sampleTraces } from './sample.ts';

const numRuns = 250;
const tenant = 't';
const slotTables = Array.from({ length: 9 }, (_, partitions) => {
  return Uint16Array.from({ length: 65_536 }, (_, slot) => slot % Math.max(partitions, 1));
});
const slotTable = (partitions: number) => slotTables[partitions] as Uint16Array;

describe.each(signals)('%s', (signal) => {
  const bodies = bodyArbitrary(signal);

  it('gives each record to one slice, in order, under its key', () => {
    fc.assert(
      fc.property(bodies, fc.integer({ min: 1, max: 8 }), (body, partitions) => {
        const whole = decode(signal, body, { tenant }).records;
        const { records, slices } = scan(signal, body, slotTable(partitions));
        expect(records).toBe(whole.length);
        const seen: string[] = [];
        for (const slice of slices) {
          const message = Buffer.concat(slice.chunks);
          expect(message.length).toBe(slice.bytes);
          expect(expectedRecords(signal, message)).toHaveLength(slice.records);
          const keys = decode(signal, message, { tenant }).records.map(({ key }) => key);
          const mine = new Set(keys);
          expect(keys).toEqual(whole.map(({ key }) => key).filter((key) => mine.has(key)));
          seen.push(...keys);
        }
        expect(seen.sort()).toEqual(whole.map(({ key }) => key).sort());
      }),
      { numRuns },
    );
  });

  it('puts records of one ordering key into one partition, that of their slot', () => {
    fc.assert(
      fc.property(bodies, fc.integer({ min: 2, max: 8 }), (body, partitions) => {
        for (const { partition, chunks } of scan(signal, body, slotTable(partitions)).slices) {
          const message = Buffer.concat(chunks);
          const slots = expectedSlots(signal, message);
          expect(slots.map((slot) => slot % partitions)).toEqual(slots.map(() => partition));
        }
      }),
      { numRuns },
    );
  });

  it('keeps what is no record in every slice that has records beside it', () => {
    fc.assert(
      fc.property(bodies, (body) => {
        const { slices } = scan(signal, body, slotTable(4));
        const common = withoutRecords(signal, body);
        for (const { chunks } of slices) {
          const mine = withoutRecords(signal, Buffer.concat(chunks));
          for (const bytes of mine) expect(common).toContain(bytes);
        }
        if (slices.length === 1) expect(slices[0]?.chunks).toEqual([body]);
      }),
      { numRuns: 150 },
    );
  });

  it('cuts single records out, under the keys they had', () => {
    fc.assert(
      fc.property(bodies, fc.nat(), (body, seed) => {
        const { records, ordinals } = decode(signal, body, { tenant });
        const kept = records.filter(({ index }) => ((seed >> (index % 30)) & 1) === 1);
        const indexes = kept.map(({ index }) => index);
        const cut = extract(signal, body, indexes);
        const given = indexes.map((index) => ordinals?.[index] ?? 0);
        const again = decode(signal, cut, { tenant, ordinals: given });
        expect(again.records.map(({ key }) => key)).toEqual(kept.map(({ key }) => key));
        expect(expectedRecords(signal, cut)).toHaveLength(kept.length);
        if (kept.length === 0) return;
        expect(again.records.map(({ resource }) => resource)).toEqual(
          kept.map(({ resource }) => resource),
        );
      }),
      { numRuns: 150 },
    );
  });
});

it('hands the body through, uncopied, when all of it falls to one partition', () => {
  const body = encodeOfficial('traces', sampleTraces());
  const { slices } = scan('traces', body, slotTable(1));
  expect(slices).toEqual([{ partition: 0, records: 100, bytes: body.length, chunks: [body] }]);
  expect(slices[0]?.chunks[0]).toBe(body);
});

it('joins the small pieces of a usual request into one chunk a slice', () => {
  const body = new Uint8Array(encodeOfficial('traces', sampleTraces()));
  const { slices } = scan('traces', body, slotTable(4));
  expect(slices.map(({ chunks }) => chunks.length)).toEqual([1, 1, 1, 1]);
});

/** The slot of each record (of each resource with records), by the independent library's reader. */
function expectedSlots(signal: Signal, message: Uint8Array): number[] {
  if (signal === 'traces') {
    return decode(signal, message, { tenant }).records.map((record) => {
      return 'traceId' in record ? Number.parseInt(record.traceId.slice(-4), 16) : 0;
    });
  }
  return fieldsOf(message, 1)
    .filter((entry) => scan(signal, wrap(entry), slotTable(1)).records > 0)
    .map((entry) => Number(xxh3.xxh64(Buffer.concat(fieldsOf(entry, 1))) & 0xffffn));
}

function fieldsOf(bytes: Uint8Array, wanted: number): Uint8Array[] {
  const reader = protobuf.Reader.create(bytes);
  const found: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === wanted * 8 + 2) found.push(reader.bytes());
    else reader.skipType(tag & 7);
  }
  return found;
}

function wrap(entry: Uint8Array): Uint8Array {
  return protobuf.Writer.create().uint32(10).bytes(entry).finish();
}

/** Of each resource and scope that has records: its bytes but for the level below, as hex. */
function withoutRecords(signal: Signal, message: Uint8Array): string[] {
  return fieldsOf(message, 1).flatMap((inResource) => {
    const scopes = fieldsOf(inResource, 2);
    if (scan(signal, wrap(inResource), slotTable(1)).records === 0) return [];
    const filled = scopes.filter((entry) => fieldsOf(entry, 2).length > 0);
    return [rest(inResource), ...filled.map(rest)];
  });
}

function rest(bytes: Uint8Array): string {
  const reader = protobuf.Reader.create(bytes);
  let hex = '';
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const tag = reader.uint32();
    reader.skipType(tag & 7);
    if (tag !== 18) hex += Buffer.from(bytes.subarray(start, reader.pos)).toString('hex');
  }
  return hex;
}
