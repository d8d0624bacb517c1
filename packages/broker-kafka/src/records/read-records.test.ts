import { crc32 } from 'node:zlib';
import { compressionsAlgorithms } from '@platformatic/kafka';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bomb, type Codec, codecs } from '../../test/bombs.ts';
import { batchOf, bodyOf, type WrittenRecord } from '../../test/hand-made-batch.ts';
import type { FetchedRecord } from '../client.ts';
import { type ReadLimits, readRecords } from './read-records.ts';

const MiB = 1024 * 1024;
const limits: ReadLimits = { ownBytesMax: 64 * MiB, messageBytesMax: MiB };
const timestampMs = 1_732_350_000_123;
const names = Object.keys(codecs) as Codec[];

const record: fc.Arbitrary<WrittenRecord> = fc.record(
  {
    key: fc.uint8Array({ maxLength: 20 }),
    value: fc.oneof(
      fc.uint8Array({ maxLength: 2_000 }),
      fc.integer({ min: 0, max: 200_000 }).map((length) => Buffer.alloc(length, 'ab')),
    ),
    headers: fc.array(fc.tuple(fc.string(), fc.uint8Array({ maxLength: 20 })), { maxLength: 3 }),
  },
  { requiredKeys: [] },
);

function compressed(codec: Codec, body: Buffer, count: number): Buffer {
  const bytes = Buffer.from(compressionsAlgorithms[codec].compressSync(body));
  return batchOf(bytes, { count, compression: codecs[codec], timestampMs });
}

/** Short, whatever its size. */
function told({ value, ...record }: FetchedRecord) {
  return { ...record, value: crc32(value) };
}

/** Asks again and again, as the fetcher does. */
async function readAll(bytes: Buffer, own: ReadLimits) {
  const records = [];
  let rounds = 0;
  for (let from = 0; ; rounds += 1) {
    const read = await readRecords(bytes, from, own);
    records.push(...read.records);
    if (read.next === from) return { records, rounds };
    from = read.next;
  }
}

describe('what is compressed', () => {
  test.each(names)('by the library is read back the same, %s', async (codec) => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 30 }), async (written) => {
        const body = bodyOf(written);
        const plain = await readAll(batchOf(body, { count: written.length, timestampMs }), limits);
        const read = await readAll(compressed(codec, body, written.length), limits);
        expect(read.records.map(told)).toEqual(plain.records.map(told));
        expect(read.records.map(({ value }) => crc32(value))).toEqual(
          written.map(({ value = '' }) => crc32(value)),
        );
      }),
      { numRuns: 60 },
    );
  });

  test.each(names)('any cut or changed byte is a fault of its batch alone, %s', async (codec) => {
    const body = bodyOf([{ value: Buffer.alloc(3_000, 'abcd') }, { value: Buffer.from('last') }]);
    const bytes = Buffer.from(compressionsAlgorithms[codec].compressSync(body));
    const good = batchOf(bodyOf([{ value: Buffer.from('good') }]), { count: 1 });
    good.writeInt32BE(2, 4);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), async (at, byte) => {
        const changed = Buffer.from(bytes);
        changed[at] = byte;
        for (const damaged of [bytes.subarray(0, at), changed]) {
          const batch = batchOf(damaged, { count: 2, compression: codecs[codec] });
          const { records } = await readAll(Buffer.concat([batch, good]), limits);
          expect(records.length).toBeLessThanOrEqual(3);
          expect(records.at(-1)).toMatchObject({ position: 2, value: Buffer.from('good') });
        }
      }),
    );
  });

  test.each(names)(
    'a bomb is a fault that costs no more than its first pieces, %s',
    async (codec) => {
      const batch = batchOf(bomb(codecs[codec], 256 * MiB), {
        count: 1,
        compression: codecs[codec],
      });
      const before = process.memoryUsage.rss();
      const { records } = await readAll(batch, limits);
      expect((process.memoryUsage.rss() - before) / MiB).toBeLessThan(64);
      expect(records).toMatchObject([
        { position: 0, fault: expect.stringMatching(/bytes|Snappy/) },
      ]);
    },
  );

  test('a large record among small ones is a fault; those around it are read', async () => {
    const value = Buffer.alloc(1.5 * MiB);
    const written = [{ value: Buffer.from('a') }, { value }, { value: Buffer.from('c') }];
    for (const codec of names) {
      const { records } = await readAll(compressed(codec, bodyOf(written), 3), limits);
      expect(records.map(({ position, fault }) => [position, fault !== undefined])).toEqual([
        [0, false],
        [1, true],
        [2, false],
      ]);
    }
  });

  test('more than there is room for comes in parts, each record once', async () => {
    const written = Array.from({ length: 50 }, (_, i) => ({
      value: Buffer.alloc(10_000, `${i} `),
    }));
    for (const codec of names) {
      const batch = compressed(codec, bodyOf(written), 50);
      const { records, rounds } = await readAll(batch, { ...limits, ownBytesMax: 40_000 });
      expect(records.map(({ position }) => position)).toEqual(written.map((_, i) => i));
      expect(rounds).toBeGreaterThan(10);
    }
  });

  test('beyond any bound the rest of a batch is one fault', async () => {
    const written = Array.from({ length: 40 }, () => ({ value: Buffer.alloc(MiB - 100) }));
    const { records } = await readAll(compressed('zstd', bodyOf(written), 40), {
      ...limits,
      ownBytesMax: 4 * MiB,
    });
    expect(records.length).toBeLessThan(20);
    expect(records.at(-1)?.fault).toMatch(/when it is decompressed/);
    expect(records.slice(0, -1).every(({ fault }) => fault === undefined)).toBe(true);
  });
});

describe('what is not compressed', () => {
  test('many small records come in parts', async () => {
    const count = 100_000;
    const batch = batchOf(bodyOf(Array.from({ length: count }, () => ({}))), { count });
    const first = await readRecords(batch, 0, { ...limits, ownBytesMax: MiB });
    expect(first.records.length).toBeLessThan(10_000);
    expect(first.next).toBe(first.records.length);
    const { records } = await readAll(batch, { ...limits, ownBytesMax: MiB });
    expect(records.length).toBe(count);
  });

  test('of very many headers the first are kept', async () => {
    const headers = Array.from({ length: 200_000 }, (_, i) => [`h${i}`, Buffer.from('v')] as const);
    const batch = batchOf(bodyOf([{ headers }, { value: Buffer.from('next') }]), { count: 2 });
    const { records } = await readAll(batch, limits);
    expect(records.map((one) => Object.keys(one.headers).length)).toEqual([1_000, 0]);
  });

  test('lengths that are none, and too many of anything, are faults', async () => {
    const good = bodyOf([{ value: Buffer.from('good') }]);
    for (const body of [
      Buffer.from('01', 'hex'), // -1
      Buffer.from('0e000000010001', 'hex'), // an end that is not where its length says
      Buffer.from('1000000001010203', 'hex'), // headers of negative lengths
      Buffer.concat([good, Buffer.alloc(20, 0xff)]),
    ]) {
      const { records } = await readAll(batchOf(body, { count: 2 }), limits);
      expect(records.at(-1)?.fault).toBeDefined();
      expect(records.at(-1)?.position).toBeLessThan(2);
    }
  });

  test('a checksum that does not fit is told, not skipped', async () => {
    const batch = batchOf(bodyOf([{ value: Buffer.from('x') }]), { count: 1 });
    batch[batch.length - 1] = 7;
    await expect(readRecords(batch, 0, limits)).rejects.toThrow(/checksum/);
  });
});
