import { randomBytes } from 'node:crypto';
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import type { Signal } from '../../support/hostile-clients.ts';
import { signals } from '../../support/hostile-clients.ts';
import { empties, field, fixed64, nowNs, requestOf } from '../../support/protobuf.ts';
import { type Body, call, post } from '../../support/requests.ts';
import { type Attack, clients } from '../attack.ts';

const MiB = 1024 * 1024;

/** Small on the wire, large to whoever decodes them: some are refused, some are data. */
const dear: readonly [Signal, () => Buffer][] = [
  ['traces', () => requestOf('e', empties(2, 262_144))],
  ['logs', () => requestOf('e', empties(2, 262_144))],
  ['logs', () => requestOf('e', empties(2, 900))],
  ['metrics', () => requestOf('e', field(2, field(1, 'g'), field(5, empties(1, 262_144))))],
  ['logs', () => Buffer.alloc(800_000, field(1, field(2, field(2))))],
  ['metrics', () => requestOf('e', Buffer.concat(series(40_000)))],
  ['logs', () => requestOf('e', field(2, attributes(200_000)))],
  ['logs', () => requestOf('e', field(2, field(5, field(5, empties(1, 8_000_000)))))],
  ['metrics', () => requestOf('e', field(2, field(1, 'h'), field(9, buckets(1_000_000))))],
  ['traces', () => requestOf('e', field(2, Buffer.alloc(4 * MiB, field(11, field(2, 'event')))))],
  ['logs', () => requestOf('e', field(2, field(5, nested(2_000))))],
];

export const smallBodiesOfManyRecords: Attack = {
  name: 'small-bodies-of-many-records',
  what: 'records, values and buckets that their bytes hardly pay for, over HTTP and gRPC',
  run: async (lab, ending) => {
    const bodies = dear.map(([signal, make]): Body => {
      return { signal, bytes: new Uint8Array(gzipSync(make())), encoding: 'gzip' };
    });
    await clients(4, ending, async (round) => {
      const body = bodies[round % bodies.length] as Body;
      await (Math.floor(round / bodies.length) % 2 ? call(lab, body) : post(lab, body));
    });
  },
};

export const bodiesThatGrow: Attack = {
  name: 'bodies-that-grow',
  what: 'bombs of each encoding, noise of 3.5 MiB and JSON of 15 MiB from 24 clients',
  run: async (lab, ending) => {
    const zeros = Buffer.alloc(48 * MiB);
    const log = '{"body":{"stringValue":"a line of a log"}}';
    const json = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[${log}${`,${log}`.repeat(90_000)}]}]}]}`;
    const bodies: Body[] = [
      { signal: 'logs', bytes: new Uint8Array(gzipSync(zeros)), encoding: 'gzip' },
      { signal: 'traces', bytes: new Uint8Array(zstdCompressSync(zeros)), encoding: 'zstd' },
      { signal: 'metrics', bytes: new Uint8Array(deflateSync(zeros)), encoding: 'deflate' },
      { signal: 'logs', bytes: new Uint8Array(randomBytes(3.5 * MiB)) },
      { signal: 'logs', bytes: new TextEncoder().encode(json), type: 'application/json' },
    ];
    await clients(24, ending, async (round) => {
      await post(lab, bodies[round % bodies.length] as Body);
    });
  },
};

export const bodiesInFrames: Attack = {
  name: 'bodies-in-frames',
  what: 'bodies of several frames, empty frames, and bytes behind the last one',
  run: async (lab, ending) => {
    const compress = { gzip: gzipSync, zstd: zstdCompressSync, deflate: deflateSync };
    await clients(8, ending, async (round) => {
      const signal = signals[round % 3] as Signal;
      const encoding = (['gzip', 'zstd', 'deflate'] as const)[Math.floor(round / 3) % 3] ?? 'gzip';
      const frame = compress[encoding](requestOf(`frames-${round % 50}`, empties(2, 5)));
      const empty = compress[encoding](Buffer.alloc(0));
      const frames = [
        [frame, frame],
        [empty, frame],
        Array(70).fill(empty),
        [frame, randomBytes(9)],
      ];
      const bytes = new Uint8Array(Buffer.concat(frames[round % frames.length] ?? []));
      await post(lab, { signal, bytes, encoding });
    });
  },
};

function series(count: number): Buffer[] {
  return Array.from({ length: count }, (_, i) => {
    return field(2, field(1, `m${i}`), field(5, field(1, fixed64(3, nowNs()))));
  });
}

function attributes(count: number): Buffer {
  const each = Array.from({ length: count }, (_, i) =>
    field(6, field(1, `k${i}`), field(2, field(1, 'v'))),
  );
  return Buffer.concat(each);
}

function buckets(count: number): Buffer {
  const counts = field(6, Buffer.alloc(8 * count));
  return field(1, fixed64(3, nowNs()), counts, field(7, Buffer.alloc(8 * count - 8)));
}

/** An array in an array, and so on. */
function nested(depth: number): Buffer {
  let value = field(1, 'x');
  for (let i = 0; i < depth; i++) value = field(5, field(1, value));
  return value;
}
