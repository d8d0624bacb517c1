/** Every error of the query API: code to HTTP status. Codes are stable. */
export const errorStatus = {
  'bad-parameter': 400,
  'bad-body': 400,
  /** More would have to be read than one question may cost. */
  'too-much-asked': 400,
  unauthenticated: 401,
  forbidden: 403,
  'wrong-origin': 403,
  'not-found': 404,
  'wrong-method': 405,
  'too-large': 413,
  'unsupported-type': 415,
  'wrong-host': 421,
  /** Logged by other servers, too; no client reads this answer. */
  'client-gone': 499,
  internal: 500,
  'too-many-queries': 503,
  unavailable: 503,
  timeout: 504,
} as const;

/** The stable codes of the query API. */
export type ErrorCode = keyof typeof errorStatus;

/** Which parameter is wrong, what was wanted and what came. */
export interface ErrorDetail {
  key: string;
  wanted: string;
  got: string;
}

/** An error that the query API answers with its code and status. */
export class QueryError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly detail: ErrorDetail | undefined;

  constructor(code: ErrorCode, message: string, detail?: ErrorDetail, options?: ErrorOptions) {
    super(message, options);
    this.name = 'QueryError';
    this.code = code;
    this.status = errorStatus[code];
    this.detail = detail;
  }
}

/** Makes the error for a parameter with a wrong value. */
export function badParameter(detail: ErrorDetail): QueryError {
  const { key, wanted, got } = detail;
  return new QueryError('bad-parameter', `${key}: wanted ${wanted}, got ${got}`, detail);
}
