/** gRPC status codes that the gateway answers with. https://grpc.io/docs/guides/status-codes */
export const grpcCode = {
  ok: 0,
  cancelled: 1,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/**
 * Everything a client can be refused for. OTLP lets clients retry 429, 502, 503, 504 over HTTP,
 * and UNAVAILABLE, DEADLINE_EXCEEDED, or RESOURCE_EXHAUSTED with RetryInfo over gRPC: those are
 * the codes of what passes, and no other code is.
 */
export const refusals = {
  'no-key': { http: 401, grpc: grpcCode.unauthenticated },
  'wrong-key': { http: 401, grpc: grpcCode.unauthenticated },
  'scope-missing': { http: 403, grpc: grpcCode.permissionDenied },
  'unknown-path': { http: 404, grpc: grpcCode.unimplemented },
  'unknown-service': { http: 404, grpc: grpcCode.notFound },
  'wrong-method': { http: 405, grpc: grpcCode.unimplemented },
  'content-type': { http: 415, grpc: grpcCode.invalidArgument },
  'content-encoding': { http: 415, grpc: grpcCode.unimplemented },
  malformed: { http: 400, grpc: grpcCode.invalidArgument },
  'wrong-framing': { http: 400, grpc: grpcCode.internal },
  'too-large': { http: 413, grpc: grpcCode.resourceExhausted },
  'records-quota': { http: 429, grpc: grpcCode.resourceExhausted },
  'bytes-quota': { http: 429, grpc: grpcCode.resourceExhausted },
  'bulkhead-full': { http: 503, grpc: grpcCode.unavailable },
  'queue-full': { http: 503, grpc: grpcCode.unavailable },
  'notes-full': { http: 503, grpc: grpcCode.unavailable },
  'spill-full': { http: 503, grpc: grpcCode.unavailable },
  'spill-failed': { http: 503, grpc: grpcCode.unavailable },
  'broker-refused': { http: 503, grpc: grpcCode.unavailable },
  'broker-unknown': { http: 503, grpc: grpcCode.unavailable },
  'too-slow': { http: 503, grpc: grpcCode.unavailable },
  'time-out': { http: 503, grpc: grpcCode.unavailable },
  deadline: { http: 503, grpc: grpcCode.deadlineExceeded },
  /** A bug of ours. Not retryable, so that a request that meets it does not come for ever. */
  internal: { http: 500, grpc: grpcCode.internal },
  /** Nobody hears it; only counted. */
  gone: { http: 499, grpc: grpcCode.cancelled },
} as const satisfies Record<string, { http: number; grpc: number }>;

export type RefusalCode = keyof typeof refusals;

/** An expected answer, so a value and never thrown. */
export class Refusal {
  readonly code: RefusalCode;
  /** For the sender: what, which limit, where. */
  readonly message: string;
  /** Set where waiting helps: becomes Retry-After and RetryInfo. */
  readonly retryAfterMs: number | undefined;
  /** Path of the wrong field, for `BadRequest`. */
  readonly field: string | undefined;

  constructor(
    code: RefusalCode,
    message: string,
    more: { retryAfterMs?: number | undefined; field?: string | undefined } = {},
  ) {
    this.code = code;
    this.message = message;
    this.retryAfterMs = more.retryAfterMs;
    this.field = more.field;
  }

  get http(): number {
    return refusals[this.code].http;
  }

  get grpc(): number {
    return refusals[this.code].grpc;
  }
}

/** What a sender is told to wait when no limit can tell: spread, so that all do not come at once. */
function someMs(): number {
  return 1000 + Math.round(Math.random() * 1000);
}

/** `retryAfterMs` comes from the limit that refused, where there is one. */
export function overloaded(
  code: RefusalCode,
  message: string,
  retryAfterMs: number = someMs(),
): Refusal {
  return new Refusal(code, message, { retryAfterMs });
}
