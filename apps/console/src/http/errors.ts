/** Every error of the query API. Codes are stable. */
export const apiErrors = {
  'bad-parameter': { status: 400, meaning: 'A parameter is unknown, repeated, missing or wrong.' },
  'bad-body': { status: 400, meaning: 'The body is not what the path takes.' },
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

export type ErrorCode = keyof typeof apiErrors;

export interface ErrorDetail {
  key: string;
  wanted: string;
  got: string;
}

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

export function badParameter(detail: ErrorDetail): QueryError {
  const [key, got] = [cut(detail.key), cut(detail.got)];
  const message = `${key}: wanted ${detail.wanted}, got ${got}`;
  return new QueryError('bad-parameter', message, { ...detail, key, got });
}

function cut(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
