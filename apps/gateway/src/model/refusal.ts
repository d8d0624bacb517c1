import { type RefusalCode, refusals } from './refusals.ts';

/** A refusal of a request: an expected answer, so a value and never thrown. */
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

/** The wait where no limit can reckon one: spread, so that all clients do not return at once. */
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
