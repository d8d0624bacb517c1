import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Addresses } from '@spillway/test-support';
import { behindFirst } from '../mutate/behind-first.ts';
import { type Frame, mutateFrames, readFrames, writeFrames } from '../mutate/http2.ts';
import { protobufSeeds } from '../seeds/seeds.ts';
import type { Door, Heard, Visitor } from './door.ts';

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const services = [
  '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
  '/grpc.health.v1.Health/Check',
  '/none',
];
/** Between the writing and the end of the connection: at once, soon, or after an answer. */
const pausesMs = [0, 1, 5, 'answered'] as const;
const answerTimeoutMs = 300;

/**
 * A whole HTTP/2 connection: first byte how it ends (reset or end, and after how long), then frames
 * behind the preface.
 */
export const http2Frames: Door = {
  name: 'http2-frames',
  seeds: [
    seed(1, ['/none']),
    seed(1, services.slice(0, 1)),
    seed(6, services),
    seed(5, services),
    seed(2, services.slice(2, 3)),
  ],
  mutators: [behindFirst(mutateFrames, 1, 0.5)],
  dictionary: ['\x00\x00\x00\x04\x01\x00\x00\x00\x00', ':path', ':method', 'grpc-timeout', '1n'],
  bytesMax: 24 * 1024,
  clients: 12,
  open: (addresses) => new FrameVisitor(addresses),
};

class FrameVisitor implements Visitor {
  readonly #port: number;

  constructor({ otlpGrpc }: Addresses) {
    this.#port = Number(/:(\d+)$/.exec(otlpGrpc)?.[1]);
  }

  async give(input: Uint8Array): Promise<Heard> {
    const first = input[0] ?? 0;
    const pause = pausesMs[(first >> 1) % pausesMs.length] ?? 0;
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    const parts: Buffer[] = [];
    socket.on('data', (part: Buffer) => void parts.push(part));
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    socket.on('error', () => undefined); // Resets are what this is about.
    await new Promise<void>((resolve) => {
      socket.write(Buffer.concat([preface, input.subarray(1)]), () => resolve());
      socket.once('close', () => resolve());
    });
    if (pause === 'answered') await answered(parts, socket);
    else if (pause > 0) await sleep(pause);
    if (first & 1) socket.destroy();
    else socket.resetAndDestroy();
    const said = readFrames(Buffer.concat(parts));
    // A record takes two bytes at least.
    const perhaps = input.length >>> 1;
    return { ...describe(said), accepted: 0, perhaps };
  }

  close(): void {}
}

/** Until a call ended, or the connection. */
async function answered(parts: readonly Buffer[], socket: Socket): Promise<void> {
  const untilMs = performance.now() + answerTimeoutMs;
  while (performance.now() < untilMs && !socket.destroyed) {
    const said = readFrames(Buffer.concat(parts));
    if (said.some(({ type, flags }) => type === 7 || type === 3 || (type <= 1 && flags & 1)))
      return;
    await sleep(2);
  }
}

function describe(said: readonly Frame[]): Pick<Heard, 'outcome' | 'shape'> {
  const words = said.map(({ type, flags, payload }) => {
    const code = type === 3 ? payload[3] : type === 7 ? payload[7] : undefined;
    return `${type}/${flags}${code === undefined ? '' : `=${code}`}`;
  });
  const isRefused = said.some(({ type }) => type === 7);
  const isAnswered = said.some(({ type }) => type === 1);
  const outcome = isRefused ? 'goaway' : isAnswered ? 'answered' : 'gone';
  return { outcome, shape: words.slice(0, 20).join(' ') };
}

/** Settings, then one call for each path. */
function seed(first: number, paths: readonly string[]): Buffer {
  const frames: Frame[] = [frame(4, 0, 0, Buffer.alloc(0))];
  for (const [i, path] of paths.entries()) {
    const stream = 2 * i + 1;
    const headers = { ':method': 'POST', ':scheme': 'http', ':path': path, ':authority': 'a' };
    const block = hpack({ ...headers, 'content-type': 'application/grpc', te: 'trailers' });
    const body = protobufSeeds.traces[0] as Uint8Array;
    const message = Buffer.concat([
      Buffer.from([0, 0, 0, body.length >> 8, body.length & 0xff]),
      body,
    ]);
    frames.push(
      frame(1, 4, stream, block),
      frame(0, i % 2, stream, i === 2 ? Buffer.alloc(5) : message),
    );
  }
  return Buffer.concat([Buffer.from([first]), writeFrames(frames)]);
}

function frame(type: number, flags: number, stream: number, payload: Uint8Array): Frame {
  return { length: payload.length, type, flags, stream, payload };
}

/** Literals without indexing and without Huffman codes. Source: RFC 7541, section 6.2.2. */
function hpack(headers: Readonly<Record<string, string>>): Buffer {
  const text = (value: string) => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
  const parts = Object.entries(headers).flatMap(([name, value]) => [
    Buffer.from([0]),
    text(name),
    text(value),
  ]);
  return Buffer.concat(parts);
}
