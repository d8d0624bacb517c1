/** Small bodies that are very many records, or that are larger than they say. */
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { logsBody } from '@spillway/test-support';
import { announce, exportPath, openCall, openSession, type Signal } from './hostile-clients.ts';
import { emptyRecords } from './protobuf.ts';
import type { Target } from './target.ts';

/** 12 KB of empty records: more than so few bytes may hold. */
export const manyRecords = emptyRecords(6_000);
/** 12 KB that inflate to a hundred times as much. */
export const bombs = {
  gzip: gzipSync(emptyRecords(600_000)),
  zstd: zstdCompressSync(emptyRecords(20_000_000)),
};

/** The status of one request over HTTP. */
export async function post(
  { addresses, evilKey }: Target,
  {
    signal = 'logs',
    body,
    ...headers
  }: { signal?: Signal; body: Buffer } & Record<string, unknown>,
): Promise<number> {
  const response = await fetch(`${addresses.otlpHttp}/v1/${signal}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-protobuf',
      authorization: `Bearer ${evilKey}`,
      ...(headers as Record<string, string>),
    },
    body: new Uint8Array(body),
  });
  await response.arrayBuffer();
  return response.status;
}

/** The status of one call over gRPC. */
export async function call(target: Target, message: Buffer, signal: Signal = 'logs') {
  const session = openSession(target);
  const stream = openCall(target, session, exportPath(signal));
  const status = new Promise<number>((resolve) => {
    stream.on('response', (headers) => resolve(Number(headers['grpc-status'] ?? Number.NaN)));
    stream.on('trailers', (trailers) => resolve(Number(trailers['grpc-status'])));
    stream.on('close', () => resolve(Number.NaN));
  });
  stream.end(Buffer.concat([announce(message.length), message]));
  const found = await status;
  session.destroy();
  return found;
}

/** A log in each frame of one body: whoever reads the first alone loses the second. */
export function twoFrames(): Buffer {
  const body = Buffer.from(logsBody('two-frames', ['in the first', 'in the second']));
  const middle = Math.floor(body.length / 2);
  const parts = [body.subarray(0, middle), body.subarray(middle)];
  return Buffer.concat(parts.map((part) => zstdCompressSync(part)));
}
