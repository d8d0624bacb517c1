import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { Compression } from './client.ts';

const gzip = promisify(zlib.gzip);
const zstd = promisify(zlib.zstdCompress);

export async function compress(body: Uint8Array, compression: Compression): Promise<Uint8Array> {
  if (compression === 'none') return body;
  return compression === 'gzip' ? gzip(body) : zstd(body);
}
