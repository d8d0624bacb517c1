import zlib from 'node:zlib';
import { jsonToProtobuf, type Signal, signals } from '@spillway/otlp';
import type { Addresses } from '@spillway/test-support';
import { behindFirst } from '../mutate/behind-first.ts';
import { mutateHttp } from '../mutate/http.ts';
import { mutateJson } from '../mutate/json.ts';
import type { Mutation } from '../mutate/mutation.ts';
import { mutateProtobuf } from '../mutate/protobuf.ts';
import { plainOf } from '../seeds/plain-of.ts';
import { jsonSeeds, protobufSeeds } from '../seeds/seeds.ts';
import type { Door, Heard, Visitor } from './door.ts';
import { RawHttp } from './raw-http.ts';
import { recordsIn } from './records-in.ts';
import { shapeOf } from './shape.ts';

/** How many bytes in front of a body choose its request. */
const choices = 4;
const encodings = ['identity', 'gzip', 'deflate', 'zstd', 'x-gzip', 'br', ''] as const;
const plainBytesMax = 64 * 1024 * 1024;

const bodies = signals.flatMap((signal, number) => [
  ...protobufSeeds[signal].map((body) => Buffer.concat([Buffer.from([number, 0, 0, 0]), body])),
  ...jsonSeeds[signal].map((body) => Buffer.concat([Buffer.from([number, 1, 0, 1]), body])),
]);
const packed = [zlib.gzipSync, zlib.deflateSync, zlib.zstdCompressSync].flatMap((compress, i) => {
  const body = protobufSeeds.logs[0] as Uint8Array;
  const twice = Buffer.concat([compress(body), compress(body)]);
  return [compress(body), twice].map((bytes) =>
    Buffer.concat([Buffer.from([1, 0, i + 1, 0]), bytes]),
  );
});

/** A right request around a mutated body: signal, format, encoding and framing, then the body. */
export const httpBodies: Door = {
  name: 'http-bodies',
  seeds: [...bodies, ...packed],
  mutators: [behindFirst(mutateProtobuf, choices), behindFirst(mutateJson, choices), pack],
  dictionary: ['service.name', 'null', '\x1f\x8b\x08', '\x28\xb5\x2f\xfd'],
  bytesMax: 6 * 1024,
  clients: 8,
  open: (addresses) => new BodyVisitor(addresses),
};

class BodyVisitor implements Visitor {
  readonly #http: RawHttp;

  constructor({ otlpHttp }: Addresses) {
    this.#http = new RawHttp(otlpHttp);
  }

  async give(input: Uint8Array): Promise<Heard> {
    const [first = 0, format = 0, encoding = 0, framing = 0] = input;
    const signal = signals[first % 3] as Signal;
    const isJson = format % 2 === 1;
    const coding = encodings[encoding % encodings.length] as string;
    const body = Buffer.from(input.subarray(choices));
    const head = [
      `POST /v1/${signal} HTTP/1.1`,
      'host: localhost',
      `content-type: application/${isJson ? 'json' : 'x-protobuf'}`,
      ...(coding === 'identity' ? [] : [`content-encoding: ${coding}`]),
    ];
    const answer = await this.#http.ask(framed(head, body, framing));
    const records = (): number => recordsOf(signal, isJson, coding, body);
    if (answer === undefined) {
      const wrong = 'a whole request got no answer';
      return { outcome: 'cut', shape: 'cut', accepted: 0, perhaps: records(), wrong };
    }
    const { status } = answer;
    const text = answer.body.toString('latin1');
    return {
      outcome: String(status),
      shape: `${status} ${shapeOf(text)}`,
      accepted: status === 200 ? records() : 0,
      perhaps: status >= 500 ? records() : 0,
      wrong: wrongOf(status, `${answer.head}\n${text}`),
    };
  }

  close(): void {
    this.#http.close();
  }
}

/** A 5xx that no overload explains. */
function wrongOf(status: number, text: string): string | undefined {
  if (status < 500) return undefined;
  const isOverload = status === 503 && /^retry-after:/im.test(text);
  return isOverload ? undefined : `${status}: ${text.slice(0, 400)}`;
}

function framed(head: readonly string[], body: Buffer, framing: number): Buffer {
  if (framing % 4 !== 3) {
    const text = [...head, `content-length: ${body.length}`, '', ''].join('\r\n');
    return Buffer.concat([Buffer.from(text), body]);
  }
  const size = 1 + (framing >> 2);
  const parts: Buffer[] = [
    Buffer.from([...head, 'transfer-encoding: chunked', '', ''].join('\r\n')),
  ];
  for (let at = 0; at < body.length; at += size) {
    const chunk = body.subarray(at, at + size);
    parts.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
}

/** 0 where nothing of it can be read: then it must not be answered 200. */
function recordsOf(signal: Signal, isJson: boolean, coding: string, body: Buffer): number {
  try {
    const isPlain = coding === 'identity' || coding === '' || body.length === 0;
    const compression = coding === 'x-gzip' ? 'gzip' : coding;
    const plain = isPlain ? body : plainOf(compression as 'gzip', body, plainBytesMax);
    if (plain === undefined) return 0;
    return recordsIn(signal, isJson ? jsonToProtobuf(signal, plain) : plain);
  } catch {
    return 0;
  }
}

/** Compresses the body as its encoding has it. */
function pack(input: Uint8Array, { random, bytesMax }: Mutation): Uint8Array {
  const which = 1 + random.below(3);
  const head = Buffer.from(input.subarray(0, choices));
  if (head.length < choices) return input;
  head[2] = which;
  const compress = [zlib.gzipSync, zlib.deflateSync, zlib.zstdCompressSync][
    which - 1
  ] as typeof zlib.gzipSync;
  return Buffer.concat([head, compress(input.subarray(choices))]).subarray(0, bytesMax);
}

const rawSeeds = [
  'POST /v1/logs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}',
  'POST /v1/logs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n',
  'POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-protobuf\r\nexpect: 100-continue\r\ncontent-length: 0\r\n\r\n',
  'GET /v1/logs HTTP/1.1\r\nhost: localhost\r\n\r\nOPTIONS * HTTP/1.1\r\nhost: localhost\r\n\r\n',
  'POST /v1/metrics HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\nauthorization: Bearer x\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\ncontent-length: 0\r\n\r\n',
];

/** A whole connection: first byte how it ends, then all that is sent. */
export const httpStreams: Door = {
  name: 'http-streams',
  seeds: rawSeeds.flatMap((text) =>
    [0, 1].map((how) => Buffer.from(`${String.fromCharCode(how)}${text}`, 'latin1')),
  ),
  mutators: [behindFirst(mutateHttp)],
  dictionary: [
    '\r\n',
    '\r\n\r\n',
    'content-length: ',
    'transfer-encoding: chunked',
    'expect: 100-continue',
    'connection: close',
    'upgrade: h2c',
    'HTTP/1.0',
    '0\r\n\r\n',
    'Bearer ',
    'PRI * HTTP/2.0',
  ],
  bytesMax: 20 * 1024,
  clients: 8,
  open: (addresses) => new StreamVisitor(addresses),
};

class StreamVisitor implements Visitor {
  readonly #http: RawHttp;

  constructor({ otlpHttp }: Addresses) {
    this.#http = new RawHttp(otlpHttp);
  }

  async give(input: Uint8Array): Promise<Heard> {
    const how = (input[0] ?? 0) % 4 === 1 ? 'reset' : 'end';
    const said = await this.#http.say(input.subarray(1), how);
    const statuses = [...said.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
    const wrong = statuses
      .map((status) => wrongOf(status, said))
      .find((each) => each !== undefined);
    const last = statuses.at(-1);
    return {
      outcome: how === 'reset' ? 'reset' : String(last ?? 'silence'),
      shape: `${statuses.join()} ${shapeOf(said.split('\r\n\r\n').at(-1) ?? '')}`,
      accepted: 0,
      // A record takes two bytes at least.
      perhaps: how === 'reset' || statuses.includes(200) ? input.length >>> 1 : 0,
      wrong,
    };
  }

  close(): void {
    this.#http.close();
  }
}
