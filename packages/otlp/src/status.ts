/**
 * What a server answers: export responses and `google.rpc.Status`.
 * Sources: opentelemetry-proto `collector/*_service.proto`; googleapis `rpc/status.proto`,
 * `rpc/error_details.proto`; ProtoJSON's form of `google.protobuf.Any` and `Duration`.
 */
import { wireVarint } from './reader.ts';
import type { Signal } from './signal.ts';
import { Writer } from './writer.ts';

/** The two encodings of OTLP. */
export type Encoding = 'protobuf' | 'json';

/** How many records were rejected, and why. */
export interface PartialSuccess {
  /** Records that were not taken and must not be sent again; 0 makes `message` a warning. */
  rejected: number;
  message: string;
}

/** A `google.rpc.Status` with its details. */
export interface Status {
  /** A `google.rpc.Code`: 3 invalid argument, 8 resource exhausted, 14 unavailable, … */
  code: number;
  message: string;
  /** Becomes a `google.rpc.BadRequest` detail. */
  badRequest?: { field: string; description: string }[] | undefined;
  /** Becomes a `google.rpc.RetryInfo` detail. */
  retryDelayMs?: number | undefined;
}

const rejectedName: Readonly<Record<Signal, string>> = {
  traces: 'rejectedSpans',
  metrics: 'rejectedDataPoints',
  logs: 'rejectedLogRecords',
};
const badRequestType = 'type.googleapis.com/google.rpc.BadRequest';
const retryInfoType = 'type.googleapis.com/google.rpc.RetryInfo';

/** `Export<Signal>ServiceResponse`; full success when `partial` is undefined. */
export function encodeExportResponse(
  signal: Signal,
  partial: PartialSuccess | undefined,
  encoding: Encoding,
): Uint8Array {
  if (encoding === 'json') return json(partial ? exportResponseJson(signal, partial) : {});
  const writer = new Writer(16);
  if (partial) {
    const mark = writer.open(1);
    writer.uint32Field(1, partial.rejected);
    writer.stringField(2, partial.message);
    writer.close(mark);
  }
  return writer.finish();
}

/** Body of an HTTP error, and the value of gRPC's `grpc-status-details-bin`. */
export function encodeStatus(status: Status, encoding: Encoding): Uint8Array {
  if (encoding === 'json') return json(statusJson(status));
  const writer = new Writer(256);
  writer.int32Field(1, status.code);
  writer.stringField(2, status.message);
  if (status.badRequest) writeDetail(writer, badRequestType, () => writeBadRequest(writer, status));
  if (status.retryDelayMs !== undefined) {
    writeDetail(writer, retryInfoType, () => writeRetryInfo(writer, status.retryDelayMs ?? 0));
  }
  return writer.finish();
}

function exportResponseJson(signal: Signal, { rejected, message }: PartialSuccess): object {
  // int64 is a decimal string, and ProtoJSON leaves defaults out.
  return {
    partialSuccess: {
      ...(rejected === 0 ? {} : { [rejectedName[signal]]: String(rejected) }),
      ...(message === '' ? {} : { errorMessage: message }),
    },
  };
}

function statusJson({ code, message, badRequest, retryDelayMs }: Status): object {
  const details: object[] = [];
  if (badRequest) details.push({ '@type': badRequestType, fieldViolations: badRequest });
  if (retryDelayMs !== undefined) {
    const { seconds, nanos } = durationOf(retryDelayMs);
    const fraction = nanos === 0 ? '' : `.${String(nanos / 1e6).padStart(3, '0')}`;
    details.push({ '@type': retryInfoType, retryDelay: `${seconds}${fraction}s` });
  }
  return { code, message, ...(details.length > 0 ? { details } : {}) };
}

/** A `google.protobuf.Any` in `Status.details`. */
function writeDetail(writer: Writer, type: string, writeValue: () => void): void {
  const any = writer.open(3);
  writer.stringField(1, type);
  const value = writer.open(2);
  writeValue();
  writer.close(value);
  writer.close(any);
}

function writeBadRequest(writer: Writer, { badRequest = [] }: Status): void {
  for (const { field, description } of badRequest) {
    const mark = writer.open(1);
    writer.stringField(1, field);
    writer.stringField(2, description);
    writer.close(mark);
  }
}

function writeRetryInfo(writer: Writer, retryDelayMs: number): void {
  const { seconds, nanos } = durationOf(retryDelayMs);
  const mark = writer.open(1);
  if (seconds > 0) {
    writer.tag(1, wireVarint);
    writer.varint(seconds);
  }
  writer.uint32Field(2, nanos);
  writer.close(mark);
}

/** Whole milliseconds, rounded up so that no client comes back too early. */
function durationOf(delayMs: number): { seconds: number; nanos: number } {
  const wholeMs = Math.ceil(delayMs);
  return { seconds: Math.floor(wholeMs / 1000), nanos: (wholeMs % 1000) * 1e6 };
}

function json(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
