import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { encodeExportResponse, encodeStatus, type Signal } from '@spillway/otlp';
import { grpcCode } from '../../model/grpc-code.ts';
import type { Refusal } from '../../model/refusal.ts';
import type { PublishResult } from '../../publish/pending-request.ts';
import { frame, percentEncode } from './grpc-message.ts';

const accepted = {
  ':status': 200,
  'content-type': 'application/grpc',
  'grpc-accept-encoding': 'identity, gzip, deflate, zstd',
} as const;

/** The empty response message: nothing was rejected. */
const emptyMessage = frame(new Uint8Array());

/** A header no longer than this is taken by every client we know (the limit is often 8 KiB). */
const messageCharsMax = 1024;

export function sendResult(
  stream: ServerHttp2Stream,
  { rejectedRecords, message, ack }: PublishResult,
  signal: Signal,
): void {
  const body =
    rejectedRecords === 0
      ? emptyMessage
      : frame(encodeExportResponse(signal, { rejected: rejectedRecords, message }, 'protobuf'));
  sendMessage(stream, body, { 'x-spillway-ack': ack });
}

export function sendMessage(
  stream: ServerHttp2Stream,
  framed: Uint8Array,
  headers: OutgoingHttpHeaders = {},
): void {
  if (!canAnswer(stream)) return;
  stream.once('wantTrailers', () => {
    if (!stream.destroyed && !stream.closed) stream.sendTrailers({ 'grpc-status': grpcCode.ok });
  });
  stream.respond({ ...accepted, ...headers }, { waitForTrailers: true });
  stream.end(framed);
}

/**
 * Answers a call with a refusal, as trailers only; what the client is still sending is not read.
 */
export function sendRefusal(stream: ServerHttp2Stream, refusal: Refusal): void {
  const { code, grpc, retryAfterMs, field } = refusal;
  const message = refusal.message.slice(0, messageCharsMax);
  const badRequest =
    code === 'malformed'
      ? [{ field: (field ?? '').slice(0, messageCharsMax), description: message }]
      : undefined;
  const status = { code: grpc, message, badRequest, retryDelayMs: retryAfterMs };
  const details = encodeStatus(status, 'protobuf');
  sendTrailersOnly(stream, {
    ...accepted,
    'grpc-status': grpc,
    'grpc-message': percentEncode(message),
    'grpc-status-details-bin': Buffer.from(details).toString('base64').replace(/=+$/, ''),
  });
}

/** Answers what is not gRPC at all with an HTTP status alone. */
export function sendHttpStatus(stream: ServerHttp2Stream, status: number): void {
  sendTrailersOnly(stream, { ':status': status });
}

/**
 * Whether there is still a client to answer. A stream whose client has gone may be closed and not
 * yet destroyed, and its session destroyed before it; `respond` throws for each of them.
 */
function canAnswer(stream: ServerHttp2Stream): boolean {
  const { destroyed, closed, headersSent, session } = stream;
  return !destroyed && !closed && !headersSent && session !== undefined && !session.destroyed;
}

function sendTrailersOnly(stream: ServerHttp2Stream, headers: OutgoingHttpHeaders): void {
  if (!canAnswer(stream)) return;
  stream.respond(headers, { endStream: true });
  // RFC 9113, section 8.1: the client may stop sending, and the answer stands.
  if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
}
