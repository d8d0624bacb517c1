import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { encodeExportResponse, encodeStatus, type Signal, signals } from '@spillway/otlp';
import { discardRest } from '@spillway/runtime';
import { Refusal } from '../../model/refusal.ts';
import type { PublishResult } from '../../publish/pending-request.ts';

export type Format = 'protobuf' | 'json';

const mediaTypes = { protobuf: 'application/x-protobuf', json: 'application/json' } as const;
const noneRejected: Readonly<Record<Format, ReadonlyMap<Signal, Uint8Array>>> = {
  protobuf: encodeAll('protobuf'),
  json: encodeAll('json'),
};

export interface HttpAnswer {
  status: number;
  headers: OutgoingHttpHeaders;
  body: Uint8Array;
}

export function answerOf(
  result: PublishResult | Refusal,
  { signal, format }: { signal: Signal | undefined; format: Format },
): HttpAnswer {
  const answer =
    result instanceof Refusal ? refused(result, format) : delivered(result, signal, format);
  answer.headers['content-type'] = mediaTypes[format];
  answer.headers['content-length'] = answer.body.length;
  return answer;
}

/** Bytes of an unread body up to which it is read, so that the connection is kept. */
const keepAliveBytesMax = 256 * 1024;

/**
 * Answers a request whose body may not have been read: a small rest is read and the connection kept, a
 * large one is not parsed, and the connection closed.
 */
export function sendAnswer(
  req: IncomingMessage,
  res: ServerResponse,
  { status, headers, body }: HttpAnswer,
): void {
  // As a latin1 string, head and body leave in one write.
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1');
  if (req.complete || announcedBytes(req) <= keepAliveBytesMax) {
    req.resume();
    res.writeHead(status, headers).end(text, 'latin1');
    return;
  }
  res.writeHead(status, { ...headers, connection: 'close' }).write(text, 'latin1');
  discardRest(req, () => void res.end());
}

/** Infinity for a chunked body. */
function announcedBytes({ headers }: IncomingMessage): number {
  if (headers['transfer-encoding'] !== undefined) return Number.POSITIVE_INFINITY;
  return Number(headers['content-length'] ?? 0);
}

function delivered(
  { rejectedRecords, message, ack }: PublishResult,
  signal: Signal | undefined,
  format: Format,
): HttpAnswer {
  const headers = { 'x-spillway-ack': ack };
  if (signal === undefined) return { status: 200, headers, body: new Uint8Array() };
  const body =
    rejectedRecords === 0
      ? (noneRejected[format].get(signal) as Uint8Array)
      : encodeExportResponse(signal, { rejected: rejectedRecords, message }, format);
  return { status: 200, headers, body };
}

function refused(refusal: Refusal, format: Format): HttpAnswer {
  const { http, grpc, message, retryAfterMs, field } = refusal;
  const headers: OutgoingHttpHeaders = {};
  if (retryAfterMs !== undefined)
    headers['retry-after'] = String(Math.max(1, Math.ceil(retryAfterMs / 1000)));
  if (http === 401) headers['www-authenticate'] = 'Bearer';
  if (http === 405) headers.allow = 'POST';
  const badRequest =
    refusal.code === 'malformed' ? [{ field: field ?? '', description: message }] : undefined;
  const body = encodeStatus(
    { code: grpc, message, badRequest, retryDelayMs: retryAfterMs },
    format,
  );
  return { status: http, headers, body };
}

function encodeAll(format: Format): ReadonlyMap<Signal, Uint8Array> {
  return new Map(
    signals.map((signal) => [signal, encodeExportResponse(signal, undefined, format)]),
  );
}
