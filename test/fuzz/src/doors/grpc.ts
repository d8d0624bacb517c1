import { type ClientHttp2Session, connect, constants } from 'node:http2';
import zlib from 'node:zlib';
import { type Signal, signals } from '@spillway/otlp';
import type { Addresses } from '@spillway/test-support';
import { behindFirst } from '../mutate/behind-first.ts';
import { mutateBytes } from '../mutate/bytes.ts';
import type { Mutation } from '../mutate/mutation.ts';
import { mutateProtobuf } from '../mutate/protobuf.ts';
import { plainOf } from '../seeds/plain-of.ts';
import { protobufSeeds } from '../seeds/seeds.ts';
import type { Door, Heard, Visitor } from './door.ts';
import { recordsIn } from './records-in.ts';
import { shapeOf } from './shape.ts';

const service = (name: string, of: string) =>
  `/opentelemetry.proto.collector.${of}.v1.${name}/Export`;
const paths = [
  service('TraceService', 'trace'),
  service('MetricsService', 'metrics'),
  service('LogsService', 'logs'),
  '/grpc.health.v1.Health/Check',
  '/grpc.health.v1.Health/Watch',
  '/x/Export',
];
const encodings = ['identity', 'gzip', 'deflate', 'zstd', 'br', 'gzip, gzip'];
const timeouts = [undefined, undefined, undefined, '5S', '1n', '99999999H', '0m', 'x'];
const choices = 3;
const answerTimeoutMs = 30_000;
const plainBytesMax = 64 * 1024 * 1024;
/** Of wrong-framing, which is the client's; any other INTERNAL is an error of ours. */
const ownInternal = /unary call|marked compressed|framing/;

/** A call on a right HTTP/2 connection: path, encoding and ending, then the bytes of its stream. */
export const grpcCalls: Door = {
  name: 'grpc',
  seeds: signals.flatMap((signal, number) => seedsOf(signal, number)),
  mutators: [
    behindFirst(mutateMessage, choices),
    behindFirst(mutateMessage, choices),
    behindFirst(mutateBytes, choices),
  ],
  dictionary: ['\x00\x00\x00\x00\x00', '\x01\x00\x00\x00\x00', '\x00\xff\xff\xff\xff'],
  bytesMax: 6 * 1024,
  clients: 8,
  open: (addresses) => new CallVisitor(addresses),
};

function seedsOf(signal: Signal, number: number): Buffer[] {
  const packers = [
    (plain: Uint8Array) => plain,
    zlib.gzipSync,
    zlib.deflateSync,
    zlib.zstdCompressSync,
  ];
  return protobufSeeds[signal].flatMap((body, i) => {
    const encoding = i % packers.length;
    const message = (packers[encoding] as (plain: Uint8Array) => Uint8Array)(body);
    return Buffer.concat([Buffer.from([number, encoding, 0]), framed(message, encoding > 0)]);
  });
}

class CallVisitor implements Visitor {
  readonly #address: string;
  #session: ClientHttp2Session | undefined;

  constructor({ otlpGrpc }: Addresses) {
    this.#address = `http://127.0.0.1:${/:(\d+)$/.exec(otlpGrpc)?.[1]}`;
  }

  async give(input: Uint8Array): Promise<Heard> {
    const [first = 0, second = 0, ending = 0] = input;
    const body = Buffer.from(input.subarray(choices));
    const encoding = encodings[second % encodings.length] as string;
    const records = (): number => recordsOf(paths[first % paths.length] as string, encoding, body);
    const { status, grpcStatus, message } = await this.#call(input, body, ending);
    const said = grpcStatus ?? (status >= 200 ? `http ${status}` : 'cut');
    const isOurs = (grpcStatus === 13 && !ownInternal.test(message)) || grpcStatus === 2;
    return {
      outcome: String(said),
      shape: `${said} ${shapeOf(message)}`,
      accepted: grpcStatus === 0 ? records() : 0,
      perhaps: grpcStatus === undefined || [1, 4, 14].includes(grpcStatus) ? records() : 0,
      wrong: isOurs || status >= 500 ? `grpc-status ${said}: ${message}` : undefined,
    };
  }

  close(): void {
    this.#session?.destroy();
    this.#session = undefined;
  }

  async #call(input: Uint8Array, body: Buffer, ending: number) {
    const [first = 0, second = 0] = input;
    const session = await this.#open();
    const timeout = timeouts[(ending >> 4) % timeouts.length];
    const answer = { status: 0, grpcStatus: undefined as number | undefined, message: '' };
    const stream = session.request({
      ':method': 'POST',
      ':path': paths[first % paths.length] as string,
      'content-type': 'application/grpc',
      te: 'trailers',
      'grpc-encoding': encodings[second % encodings.length] as string,
      ...(timeout !== undefined && { 'grpc-timeout': timeout }),
    });
    const read = (headers: Record<string, unknown>): void => {
      if (headers['grpc-status'] === undefined) return;
      answer.grpcStatus = Number(headers['grpc-status']);
      answer.message = decodeURIComponent(String(headers['grpc-message'] ?? ''));
    };
    stream.on('response', (headers) => {
      answer.status = Number(headers[':status']);
      read(headers);
    });
    stream.on('trailers', read);
    stream.on('error', () => undefined); // Resets are answers, too.
    stream.resume();
    const closed = new Promise<void>((resolve) => stream.once('close', () => resolve()));
    const timer = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), answerTimeoutMs);
    send(stream, body, ending);
    const sinceMs = performance.now();
    await closed;
    clearTimeout(timer);
    if (performance.now() - sinceMs > answerTimeoutMs - 100) throw new Error('no answer to a call');
    if (ending % 16 === 3) this.close();
    return answer;
  }

  async #open(): Promise<ClientHttp2Session> {
    if (this.#session && !this.#session.destroyed && !this.#session.closed) return this.#session;
    const session = connect(this.#address);
    this.#session = session;
    await new Promise<void>((resolve, reject) => {
      session.once('connect', () => resolve());
      session.once('error', reject);
    });
    session.on('error', () => undefined); // 'close' follows, and the next call opens another.
    return session;
  }
}

/** Whole, in two parts, cut off, or with the connection gone. */
function send(
  stream: ReturnType<ClientHttp2Session['request']>,
  body: Buffer,
  ending: number,
): void {
  switch (ending % 16) {
    case 1:
      stream.write(body.subarray(0, body.length >>> 1));
      stream.end(body.subarray(body.length >>> 1));
      return;
    case 2:
      stream.write(body, () => stream.close(constants.NGHTTP2_CANCEL));
      return;
    case 3:
      stream.write(body, () => stream.session?.destroy());
      return;
    default:
      stream.end(body);
  }
}

function recordsOf(path: string, encoding: string, body: Buffer): number {
  const signal = signals.find((_, i) => paths[i] === path);
  if (signal === undefined || body.length < 5) return 0;
  const message = body.subarray(5);
  if (body[0] === 0 || message.length === 0) return recordsIn(signal, message);
  const compression = encoding as 'gzip' | 'deflate' | 'zstd';
  try {
    return recordsIn(signal, plainOf(compression, message, plainBytesMax) ?? new Uint8Array());
  } catch {
    return 0;
  }
}

function framed(message: Uint8Array, isCompressed: boolean): Buffer {
  const head = Buffer.alloc(5);
  head[0] = isCompressed ? 1 : 0;
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** A mutated message in right framing; now and then a second one behind it. */
function mutateMessage(input: Uint8Array, mutation: Mutation): Uint8Array {
  const { random, other } = mutation;
  const inner = { ...mutation, other: () => other().subarray(5) };
  const message = mutateProtobuf(input.subarray(5), inner);
  const call = framed(message, random.chance(0.05));
  return random.chance(0.05) ? Buffer.concat([call, framed(message, false)]) : call;
}
