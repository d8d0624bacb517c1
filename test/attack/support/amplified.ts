/** Small bodies that are very many records, or that are larger than they say. */
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { logsBody } from '@spillway/test-support';
import { emptyRecords } from './protobuf.ts';
import type { Body } from './requests.ts';

/** 12 KB of empty records: more than so few bytes may hold. */
export const manyRecords = logs(emptyRecords(6_000));
/** 12 KB that inflate to a hundred times as much. */
export const bombs: readonly Body[] = [
  { ...logs(gzipSync(emptyRecords(600_000))), encoding: 'gzip' },
  { ...logs(zstdCompressSync(emptyRecords(20_000_000))), encoding: 'zstd' },
];

/** A log in each frame of one body: whoever reads the first alone loses the second. */
export function twoFrames(): Body {
  const body = Buffer.from(logsBody('two-frames', ['in the first', 'in the second']));
  const middle = Math.floor(body.length / 2);
  const parts = [body.subarray(0, middle), body.subarray(middle)];
  const bytes = Buffer.concat(parts.map((part) => zstdCompressSync(part)));
  return { ...logs(bytes), encoding: 'zstd', type: 'application/json' };
}

function logs(bytes: Buffer): Body {
  return { signal: 'logs', bytes: new Uint8Array(bytes) };
}
