import type { IncomingHttpHeaders } from 'node:http';
import { httpPathOf, type Signal, signals } from '@spillway/otlp';
import { Refusal } from '../../model/refusal.ts';
import { type Encoding, encodingOf } from '../../slice/inflate.ts';

const signalByPath = new Map(signals.map((signal) => [httpPathOf[signal], signal]));
const profilePaths = new Set(['/v1/profiles', '/v1development/profiles']);

export interface Target {
  signal: Signal;
  format: 'protobuf' | 'json';
  encoding: Encoding;
  /** Undefined for a chunked body. */
  contentLength: number | undefined;
}

export function signalOfUrl(url: string): Signal | Refusal {
  const end = url.indexOf('?');
  const path = end === -1 ? url : url.slice(0, end);
  const signal = signalByPath.get(path);
  if (signal) return signal;
  if (profilePaths.has(path)) {
    return new Refusal('unknown-path', 'profiles are not supported: the signal is in development');
  }
  const known = [...signalByPath.keys()].join(', ');
  return new Refusal('unknown-path', `no such path; OTLP/HTTP is received at ${known}`);
}

export function targetOf(signal: Signal, headers: IncomingHttpHeaders): Target | Refusal {
  const format = formatOf(headers['content-type']);
  if (!format) {
    const got = headers['content-type'] ?? 'none';
    const message = `content type must be application/x-protobuf or application/json, not ${got}`;
    return new Refusal('content-type', message);
  }
  const encoding = encodingOf(headers['content-encoding']);
  if (!encoding) {
    const got = headers['content-encoding'];
    const message = `content encoding must be gzip, zstd, deflate or none, not ${got}`;
    return new Refusal('content-encoding', message);
  }
  const length = headers['content-length'];
  const contentLength = length === undefined ? undefined : Number(length);
  return { signal, format, encoding, contentLength };
}

/**
 * Finds the format of a content type; undefined when it is neither: errors are then answered in
 * JSON.
 */
export function formatOf(contentType: string | undefined): Target['format'] | undefined {
  if (contentType === 'application/x-protobuf') return 'protobuf';
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  if (type === 'application/x-protobuf') return 'protobuf';
  return type === 'application/json' ? 'json' : undefined;
}
