import { expect, test } from 'vitest';
import type { Signal } from '../signal.ts';
import { scan } from '../slice/scan.ts';
import { decode } from './decode.ts';
import { recordBytesMax, recordValuesMax } from './record-cost.ts';
import { RequestReader } from './request-reader.ts';

const tenant = 't';
const service = (name: string) => wrap(1, wrap(1, [wrap(1, name), wrap(2, wrap(1, name))]));

test.each<[Signal, Buffer]>([
  ['logs', wrap(1, [service('a'), wrap(2, [repeat('12021000', 30), wrap(2, 'x')])])],
  ['traces', repeat('0a0412021200', 40)],
  ['metrics', wrap(1, wrap(2, wrap(2, [wrap(1, 'm'), wrap(5, repeat('0a00', 30))])))],
])('slices of %s are together what decode gives', (signal, message) => {
  const whole = decode(signal, message, { tenant });
  const reader = new RequestReader(signal, message, { tenant });
  const slices = [];
  while (!reader.isDone) slices.push(reader.next({ recordsMax: 7, bytesMax: 1e6 }));
  expect(slices.length).toBeGreaterThan(3);
  expect(slices.flatMap(({ records }) => records)).toEqual(whole.records);
  expect(slices.flatMap(({ broken }) => broken)).toEqual(whole.broken);
  expect(slices.map(({ from }) => from).slice(1)).toEqual(slices.map(({ to }) => to).slice(0, -1));
  expect(reader.ordinals).toEqual(whole.ordinals);
  expect(slices.at(-1)?.to).toBe(reader.total);
});

test('a slice ends behind the record that reaches its bytes', () => {
  const large = wrap(2, wrap(5, wrap(1, 'x'.repeat(10_000))));
  const message = wrap(1, wrap(2, [large, large, large, large]));
  const reader = new RequestReader('logs', message, { tenant });
  expect(reader.next({ recordsMax: 1_000, bytesMax: 30_000 }).records).toHaveLength(2);
});

test('a resource that is large counts for each record below it', () => {
  const resource = wrap(1, wrap(1, [wrap(1, 'k'), wrap(2, wrap(1, 'x'.repeat(100_000)))]));
  const message = wrap(1, [resource, wrap(2, repeat('1200', 1_000))]);
  const reader = new RequestReader('logs', message, { tenant });
  expect(reader.next({ recordsMax: 1_000, bytesMax: 2_000_000 }).records.length).toBeLessThan(12);
});

const attribute = (n: number) => wrap(6, [wrap(1, `k${n}`), wrap(2, wrap(1, 'v'))]);
const counts = Buffer.alloc(8 * 70_000);

test.each<[string, Signal, Buffer, RegExp]>([
  ['attributes', 'logs', wrap(2, range(40_000, attribute)), /80000 values: at most 65536/],
  ['an array', 'logs', wrap(2, wrap(5, wrap(5, repeat('0a00', 2e6)))), /2000002 values/],
  [
    'buckets',
    'metrics',
    wrap(2, [wrap(1, 'h'), wrap(9, wrap(1, wrap(6, counts)))]),
    /70000 values/,
  ],
  ['bytes', 'logs', wrap(2, wrap(5, wrap(1, 'x'.repeat(recordBytesMax / 2)))), /bytes would take/],
])(
  'a record of too many %s is too complex, and its neighbour is read',
  (_, signal, record, why) => {
    const ordinary = signal === 'logs' ? Buffer.from('1200', 'hex') : numberPoint();
    const { records, broken } = decode(signal, wrap(1, wrap(2, [record, ordinary])), { tenant });
    expect(records).toHaveLength(1);
    expect(broken).toMatchObject([
      { index: 0, code: 'too-complex', reason: expect.stringMatching(why) },
    ]);
  },
);

test('a resource that is too complex breaks the records below it, and no others', () => {
  const resource = wrap(
    1,
    range(recordValuesMax + 1, (n) => wrap(1, wrap(1, `k${n}`))),
  );
  const message = Buffer.concat([
    wrap(1, [resource, wrap(2, repeat('1200', 2))]),
    wrap(1, [service('a'), wrap(2, repeat('1200', 2))]),
  ]);
  const { records, broken } = decode('logs', message, { tenant });
  expect(broken.map(({ index, code }) => [index, code])).toEqual([
    [0, 'too-complex'],
    [1, 'too-complex'],
  ]);
  expect(broken[0]?.reason).toMatch(/resource: 65537 values/);
  expect(records).toHaveLength(2);
});

test.each<[string, Signal, Buffer]>([
  ['resource fields', 'traces', wrap(1, [repeat('0a00', 4e6), wrap(2, wrap(2, ''))])],
  ['metric fields', 'metrics', wrap(1, wrap(2, wrap(2, repeat('f23e00', 3e6))))],
  ['spans between unknown fields', 'traces', wrap(1, wrap(2, repeat('12001a00', 4e6)))],
])('%s by the million are no objects', (name, signal, message) => {
  const before = process.memoryUsage().rss;
  const use = () => {
    scan(signal, message, new Uint16Array(65_536));
    decode(signal, message, { tenant });
  };
  if (name.startsWith('spans')) expect(use).toThrow(/more than the \d+ records/);
  else use();
  expect(process.memoryUsage().rss - before).toBeLessThan(10 * message.length + 2 ** 26);
});

function numberPoint(): Buffer {
  const value = Buffer.concat([Buffer.from([0x21]), Buffer.alloc(8)]);
  return wrap(2, [wrap(1, 'g'), wrap(5, wrap(1, value))]);
}

function range(count: number, make: (n: number) => Buffer): Buffer[] {
  return Array.from({ length: count }, (_, n) => make(n));
}

function wrap(field: number, content: string | Buffer | Buffer[]): Buffer {
  const bytes = Array.isArray(content) ? Buffer.concat(content) : Buffer.from(content);
  return Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  return Buffer.from([...bytes, rest]);
}

function repeat(hex: string, times: number): Buffer {
  return Buffer.alloc((hex.length / 2) * times, Buffer.from(hex, 'hex'));
}
