import { grpcCode } from './grpc-code.ts';

/** What a refusal means: for the answer, and for `docs/reference/errors.md`. */
interface RefusalRow {
  /** HTTP status. */
  http: number;
  /** gRPC status code. */
  grpc: number;
  /** Why the gateway refuses, in whole sentences. */
  means: string;
  /** What the client or the operator can do. */
  remedy: string;
}

/**
 * Everything a client can be refused for. OTLP lets clients retry 429, 502, 503, 504 over HTTP,
 * and UNAVAILABLE, DEADLINE_EXCEEDED, or RESOURCE_EXHAUSTED with RetryInfo over gRPC: those are
 * the codes of what passes, and no other code is.
 */
export const refusals = {
  'no-key': {
    http: 401,
    grpc: grpcCode.unauthenticated,
    means: 'The gateway has a keys file, and the request carries no API key.',
    remedy: 'Send the key as `Authorization: Bearer KEY`.',
  },
  'wrong-key': {
    http: 401,
    grpc: grpcCode.unauthenticated,
    means: 'The API key is not in the keys file, or is no longer.',
    remedy: 'Ask the operator for a valid key.',
  },
  'scope-missing': {
    http: 403,
    grpc: grpcCode.permissionDenied,
    means: 'The API key lacks the scope `ingest`.',
    remedy: 'Use a key that has it.',
  },
  'unknown-path': {
    http: 404,
    grpc: grpcCode.unimplemented,
    means: 'The path or gRPC method is none of OTLP.',
    remedy: 'Correct the endpoint: `/v1/traces`, `/v1/metrics` or `/v1/logs`.',
  },
  'unknown-service': {
    http: 404,
    grpc: grpcCode.notFound,
    means: 'A gRPC health check asks for a service that the gateway does not have.',
    remedy: 'Correct the name of the service, or leave it empty.',
  },
  'wrong-method': {
    http: 405,
    grpc: grpcCode.unimplemented,
    means: 'The HTTP method is not POST.',
    remedy: 'Use POST.',
  },
  'content-type': {
    http: 415,
    grpc: grpcCode.invalidArgument,
    means: 'The content type is neither protobuf nor JSON.',
    remedy: 'Send `application/x-protobuf` or `application/json`.',
  },
  'content-encoding': {
    http: 415,
    grpc: grpcCode.unimplemented,
    means: 'The body is compressed in a way that the gateway does not read.',
    remedy: 'Send gzip, zstd or deflate, or no compression.',
  },
  malformed: {
    http: 400,
    grpc: grpcCode.invalidArgument,
    means:
      'The body is not OTLP down to its last byte, or its compression is damaged. The message names the place.',
    remedy: 'Correct the client; the same body is refused again.',
  },
  'wrong-framing': {
    http: 400,
    grpc: grpcCode.internal,
    means: 'A gRPC message is framed wrongly, or a body comes in very many very small pieces.',
    remedy: 'Correct the client or the proxy in front of the gateway.',
  },
  'too-large': {
    http: 413,
    grpc: grpcCode.resourceExhausted,
    means:
      'The body, one record, or the number of records is above a limit. The message names the limit.',
    remedy: 'Send smaller batches.',
  },
  'records-quota': {
    http: 429,
    grpc: grpcCode.resourceExhausted,
    means:
      'The tenant sends more records than `gateway.recordsPerSecondMax` or its entry in `gateway.tenants` allows.',
    remedy: 'Wait as long as the answer says. The operator may raise the quota.',
  },
  'bytes-quota': {
    http: 429,
    grpc: grpcCode.resourceExhausted,
    means:
      'The tenant sends more bytes than `gateway.bytesPerSecondMax` or its entry in `gateway.tenants` allows.',
    remedy: 'Wait as long as the answer says. The operator may raise the quota.',
  },
  'bulkhead-full': {
    http: 503,
    grpc: grpcCode.unavailable,
    means: 'Too many requests or bytes are in flight. The message names the limit.',
    remedy: 'Wait as long as the answer says. If it persists, add gateways or raise the limit.',
  },
  'queue-full': {
    http: 503,
    grpc: grpcCode.unavailable,
    means: 'Too many bytes wait for the broker (`gateway.queueBytesMax`).',
    remedy: 'Wait as long as the answer says. If it persists, look at the broker.',
  },
  'notes-full': {
    http: 503,
    grpc: grpcCode.unavailable,
    means: 'The broker takes no ledger notes, and no more of them can be kept in memory.',
    remedy: 'Wait as long as the answer says. The operator must look at the broker and the spill.',
  },
  'spill-full': {
    http: 503,
    grpc: grpcCode.unavailable,
    means:
      'The broker does not take the messages, and the spill has no room or holds messages that are too old (`gateway.spill.*`).',
    remedy: 'Wait as long as the answer says. The operator must bring the broker back.',
  },
  'spill-failed': {
    http: 503,
    grpc: grpcCode.unavailable,
    means: 'The broker does not take the messages, and writing to the spill failed.',
    remedy: 'Wait as long as the answer says. The operator must look at the disk of the spill.',
  },
  'broker-refused': {
    http: 503,
    grpc: grpcCode.unavailable,
    means: 'The broker refused the messages, and there is no spill.',
    remedy: 'Wait as long as the answer says. If it persists, look at the broker.',
  },
  'broker-unknown': {
    http: 503,
    grpc: grpcCode.unavailable,
    means:
      'The broker did not confirm the messages in time. They may be durable; a repetition is recognized.',
    remedy: 'Wait as long as the answer says, then send the same request again.',
  },
  'too-slow': {
    http: 503,
    grpc: grpcCode.unavailable,
    means: 'The body arrives more slowly than `gateway.bodyBytesPerSecondMin`.',
    remedy: 'Send the request again over a faster connection.',
  },
  'time-out': {
    http: 503,
    grpc: grpcCode.unavailable,
    means: 'The request was not durable within `gateway.answerTimeoutMs`.',
    remedy: 'Wait as long as the answer says, then send the same request again.',
  },
  deadline: {
    http: 503,
    grpc: grpcCode.deadlineExceeded,
    means: 'The deadline that the gRPC client set has passed.',
    remedy: 'Send the request again, with a longer deadline.',
  },
  internal: {
    http: 500,
    grpc: grpcCode.internal,
    means:
      'The gateway met an error that no code foresaw. It is counted and logged. A repetition would meet it again.',
    remedy: 'Report it: the log of the gateway has the details.',
  },
  gone: {
    http: 499,
    grpc: grpcCode.cancelled,
    means:
      'The client closed the connection before it had an answer. The code is only counted; no client receives it.',
    remedy: 'Nothing: the client sends again by itself.',
  },
} as const satisfies Record<string, RefusalRow>;

/** The stable name of a refusal: the `code` of answers and the `reason` of metrics. */
export type RefusalCode = keyof typeof refusals;

/** Reports whether a client may send the same request again: OTLP decides by the status. */
export function isRetryable(code: RefusalCode): boolean {
  return refusals[code].http === 429 || refusals[code].http === 503;
}
