/** Whatever the bytes are: an answer or an OtlpError, in bounded time and memory. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  decode,
  extract,
  jsonToProtobuf,
  OtlpError,
  protobufToJson,
  recordsMax,
  type Signal,
  scan,
  signals,
} from '@spillway/otlp';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requestArbitrary } from './arbitrary.ts';
import { looseEncode, randomOf } from './loose-encode.ts';
import { encodeOfficial, requestType } from './official.ts';

/** In all, over the three signals and the two encodings. */
const mutations = 210_000;
const perKind = mutations / (signals.length * 2);
const tenant = 't';
const slots = Uint16Array.from({ length: 65_536 }, (_, slot) => slot % 8);

describe.each(signals)('%s', (signal) => {
  const seeds = fc.sample(requestArbitrary(signal), { numRuns: 60, seed: 7 });

  it(`survives ${perKind} mutated protobuf inputs`, () => {
    const inputs = seeds.map((seed, index) => looseEncode(requestType[signal], seed, index));
    const tally = hammer(inputs, (bytes) => {
      const { records, slices } = scan(signal, bytes, slots);
      const sum = slices.reduce((total, slice) => total + slice.records, 0);
      const { records: good, broken } = decode(signal, bytes, { tenant });
      if (sum !== records || good.length + broken.length !== records) throw new Error('miscounted');
      if (records > 0) extract(signal, bytes, [records - 1]);
      if (broken.length === 0) protobufToJson(signal, bytes);
    });
    expect(tally.ok + tally.refused).toBe(perKind);
    expect(Math.min(tally.ok, tally.refused)).toBeGreaterThan(perKind / 100);
  });

  it(`survives ${perKind} mutated JSON inputs`, () => {
    const inputs = seeds
      .slice(0, 20)
      .map((seed) => Buffer.from(protobufToJson(signal, encodeOfficial(signal, seed))));
    const tally = hammer(inputs, (bytes) => {
      scan(signal, jsonToProtobuf(signal, bytes), slots);
    });
    expect(tally.ok + tally.refused).toBe(perKind);
    expect(Math.min(tally.ok, tally.refused)).toBeGreaterThan(perKind / 100);
  });
});

/** Runs mutants of the inputs through `use`. Any other error than OtlpError escapes. */
function hammer(inputs: Uint8Array[], use: (bytes: Uint8Array) => void) {
  const random = randomOf(42);
  const tally = { ok: 0, refused: 0 };
  for (let run = 0; run < perKind; run++) {
    const bytes = mutate(inputs, random);
    try {
      use(bytes);
      tally.ok++;
    } catch (error) {
      if (!(error instanceof OtlpError)) {
        throw new Error(`run ${run}: ${Buffer.from(bytes).toString('hex')}`, { cause: error });
      }
      tally.refused++;
    }
  }
  return tally;
}

/** Truncates, flips, splices, repeats, or plants an overlong varint or a huge length. */
function mutate(inputs: Uint8Array[], random: () => number): Uint8Array {
  const pick = () => inputs[Math.floor(random() * inputs.length)] as Uint8Array;
  const bytes = Buffer.from(pick());
  const at = Math.floor(random() * (bytes.length + 1));
  const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (Math.floor(random() * 6)) {
    case 0:
      return head;
    case 1:
      for (let flips = 1 + random() * 4; flips > 0 && bytes.length > 0; flips--) {
        const place = Math.floor(random() * bytes.length);
        bytes[place] = (bytes[place] as number) ^ (1 << Math.floor(random() * 8));
      }
      return bytes;
    case 2: {
      const other = pick();
      return Buffer.concat([head, other.subarray(Math.floor(random() * other.length))]);
    }
    case 3:
      return Buffer.concat([head, bytes.subarray(at, at + 20), tail]);
    case 4:
      return Buffer.concat([head, Buffer.alloc(1 + Math.floor(random() * 12), 0xff), tail]);
    default:
      return Buffer.concat([head, Buffer.from('ffffffff0f', 'hex'), tail.subarray(1)]);
  }
}

describe('memory', () => {
  const ids = Buffer.concat([wrap(1, Buffer.alloc(16, 1)), wrap(2, Buffer.alloc(8, 1))]);
  const inScope = (record: Uint8Array) => wrap(1, wrap(2, record));

  it('of a decoded message stays below 300 bytes a byte, for the worst messages', () => {
    const worst: [Signal, Uint8Array][] = [
      ['logs', inScope(repeat('1200', 100_000))],
      ['logs', inScope(wrap(2, repeat('3200', 100_000)))],
      ['logs', inScope(wrap(2, wrap(5, wrap(5, repeat('0a00', 100_000)))))],
      ['traces', inScope(repeat('1200', 50_000))],
      ['traces', inScope(wrap(2, Buffer.concat([ids, repeat('5a00', 100_000)])))],
      ['traces', inScope(wrap(2, Buffer.concat([ids, repeat('6a00', 100_000)])))],
      ['traces', repeat('0a021200', 50_000)],
      ['metrics', inScope(wrap(2, wrap(10, repeat('0a00', 100_000))))],
      ['metrics', inScope(wrap(2, wrap(11, repeat('0a00', 100_000))))],
      ['metrics', inScope(wrap(2, wrap(7, wrap(1, repeat('2a00', 100_000)))))],
      ['metrics', inScope(wrap(2, wrap(10, wrap(1, wrap(8, wrap(2, Buffer.alloc(200_000, 1)))))))],
    ];
    for (const [signal, message] of worst) {
      const bytes = heapOf(() => decode(signal, message, { tenant }));
      expect(bytes / message.length).toBeLessThan(300);
    }
  });

  it('of a scan stays below 20 bytes a byte, for the worst request', () => {
    // Spans that alternate between partitions, as small as they can be.
    const span = Buffer.from('12120a10000102030405060708090a0b0c0d0e01', 'hex');
    const body = wrap(1, wrap(2, repeat(`${span.toString('hex')}1200`, 20_000)));
    const result = () => scan('traces', body, slots);
    expect(result().slices).toHaveLength(2);
    expect(heapOf(result) / body.length).toBeLessThan(20);
  });

  it('of a scan does not grow with partitions times what surrounds the records', () => {
    const spans = Array.from({ length: 8 }, (_, last) =>
      Buffer.from(`12120a100001020304050607080910111213140${last}`, 'hex'),
    );
    const unknown = wrap(1000, Buffer.alloc(500_000, 1));
    const parts = spans.flatMap((one) => [one, wrap(900, Buffer.alloc(1000)), unknown]);
    const body = wrap(1, wrap(2, Buffer.concat(parts)));
    const { slices } = scan('traces', body, slots);
    expect(slices).toHaveLength(8);
    const buffers = new Set(slices.flatMap(({ chunks }) => chunks.map(({ buffer }) => buffer)));
    const held = [...buffers].reduce((total, { byteLength }) => total + byteLength, 0);
    expect(held).toBeLessThan(2.5 * body.length);
  });

  it('of JSON stays below 4 bytes a byte', () => {
    const texts = [
      `{"x":[${'[],'.repeat(100_000)}[]]}`,
      `{"x":{${'"":{},'.repeat(100_000)}"":0}}`,
      `{"resourceLogs":[${'{},'.repeat(100_000)}{}]}`,
      `{"resourceLogs":[{"schemaUrl":"${'\\u00e9'.repeat(50_000)}"}]}`,
    ];
    for (const text of texts) {
      const bytes = Buffer.from(text);
      expect(heapOf(() => jsonToProtobuf('logs', bytes)) / bytes.length).toBeLessThan(4);
    }
  });
});

describe('depth', () => {
  it('is bounded in every direction', () => {
    const deep = (levels: number) => {
      // Built from inside: each level is an array with one value.
      let value: Uint8Array = Buffer.alloc(0);
      for (let level = 0; level < levels; level++) value = wrap(5, wrap(1, value));
      return wrap(1, wrap(2, wrap(2, wrap(5, value))));
    };
    const bytes = deep(5000);
    expect(scan('logs', bytes, slots).records).toBe(1);
    expect(decode('logs', bytes, { tenant }).broken).toHaveLength(1);
    expect(() => protobufToJson('logs', bytes)).toThrow(OtlpError);
    for (const text of ['['.repeat(1e6), '{"x":'.repeat(1e6), `{"x":${'[{"y":'.repeat(1e6)}`]) {
      expect(() => jsonToProtobuf('logs', Buffer.from(text))).toThrow(OtlpError);
    }
  });
});

it('refuses in linear time what has too many records', () => {
  const many = wrap(1, wrap(2, repeat('1200', recordsMax + 1)));
  for (const use of [
    () => scan('logs', many, slots),
    () => decode('logs', many, { tenant }),
    () => extract('logs', many, [0]),
  ]) {
    expect(use).toThrow(OtlpError);
  }
});

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Bytes that the result of `make` keeps alive, on the heap and outside. */
function heapOf(make: () => unknown): number {
  const before = usedBytes();
  const kept = make();
  const used = usedBytes() - before;
  expect(kept).toBeDefined();
  return used;
}

function usedBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function wrap(field: number, bytes: Uint8Array): Uint8Array {
  const head = [...varint(field * 8 + 2), ...varint(bytes.length)];
  return Buffer.concat([Buffer.from(head), bytes]);
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

function repeat(hex: string, times: number): Uint8Array {
  return Buffer.from(hex.repeat(times), 'hex');
}
