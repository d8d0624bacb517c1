/** Every error of the query API. Codes are stable. */
export const apiErrors = {
  'bad-parameter': { status: 400, meaning: 'A parameter is unknown, repeated, missing or wrong.' },
  'bad-body': { status: 400, meaning: 'The body is not what the path expects.' },
  unauthenticated: { status: 401, meaning: 'The API key is missing or not known.' },
  forbidden: { status: 403, meaning: 'The API key lacks the scope.' },
  'wrong-origin': { status: 403, meaning: 'A page of another site made the browser ask.' },
  'not-found': { status: 404, meaning: 'There is no such path, or nothing of that id (yet).' },
  'wrong-method': { status: 405, meaning: 'The path does not answer to this method.' },
  'too-large': { status: 413, meaning: 'The body is larger than 64 KiB.' },
  'unsupported-type': { status: 415, meaning: 'The body is not JSON.' },
  'wrong-host': { status: 421, meaning: 'On loopback only loopback names are answered.' },
  'too-much-asked': {
    status: 422,
    meaning:
      'More would be read or answered than one query may cost; the message says what to change.',
  },
  'too-many-queries': {
    status: 429,
    meaning:
      'Too many queries of this tenant, or of all, run or wait. Ask again after Retry-After.',
  },
  'client-gone': { status: 499, meaning: 'Only in logs: the client closed the connection first.' },
  unsupported: { status: 501, meaning: 'The configured store cannot answer this.' },
  unavailable: { status: 503, meaning: 'The broker or a store cannot answer now. Ask again.' },
  timeout: { status: 504, meaning: 'The answer took longer than `console.queryTimeoutMs`.' },
} as const;

/** The code of an error, as the body of an answer has it. */
export type ErrorCode = keyof typeof apiErrors;

/** Which parameter is wrong, and how. */
export interface ErrorDetail {
  /** Name of the parameter. */
  key: string;
  /** What would be right, as a phrase: `a whole number from 1 to 1000`. */
  wanted: string;
  /** What was sent instead. */
  got: string;
}

/**
 * A request that is not answered: leaves as JSON, with the HTTP status that its code has in
 * `apiErrors`.
 */
export class QueryError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly detail: ErrorDetail | undefined;

  constructor(code: ErrorCode, message: string, detail?: ErrorDetail, options?: ErrorOptions) {
    super(message, options);
    this.name = 'QueryError';
    this.code = code;
    this.status = apiErrors[code].status;
    this.detail = detail;
  }
}

/** Makes the 400 for a wrong parameter; its name and what was sent are cut to 100 characters. */
export function badParameter(detail: ErrorDetail): QueryError {
  const [key, got] = [cut(detail.key), cut(detail.got)];
  const message = `${key}: wanted ${detail.wanted}, got ${got}`;
  return new QueryError('bad-parameter', message, { ...detail, key, got });
}

function cut(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
