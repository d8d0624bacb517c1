import type { BrokenRecord } from './records.ts';

/**
 * `malformed`: these bytes are not an OTLP request, and never will be.
 * `too-many-records`: more than `recordsMax` in one request. Both are the client's to mend.
 */
export type OtlpErrorCode = 'malformed' | 'too-many-records';

/** The only error that this package throws for its input, whatever the bytes are. */
export class OtlpError extends Error {
  override readonly name = 'OtlpError';
  readonly code: OtlpErrorCode;
  /** Byte offset in the input at which it went wrong. */
  readonly offset: number;
  /**
   * The place, in the input's own names: `resource_spans[2].scope_spans[0].spans[17]`, or for
   * JSON `resourceSpans[2].scopeSpans[0]`. Empty for the request itself.
   */
  readonly path: string;

  constructor(options: { code?: OtlpErrorCode; path: string; reason: string; offset: number }) {
    const place = options.path === '' ? '' : `${options.path}: `;
    super(`${place}${options.reason} at offset ${options.offset}`);
    this.code = options.code ?? 'malformed';
    this.path = options.path;
    this.offset = options.offset;
  }
}

/**
 * Thrown by the reader, which knows the offset and not the place; whoever walks turns it into an
 * `OtlpError` or a broken record. Never leaves this package.
 */
export class WireError extends Error {
  readonly offset: number;

  constructor(reason: string, offset: number) {
    super(reason);
    this.offset = offset;
  }
}

/**
 * A record that is framed well and wrong inside. Never leaves this package. Without a stack, which
 * would cost more than the rest of a message that has hundreds of thousands of them.
 */
export class BrokenRecordError extends Error {
  readonly code: BrokenRecord['code'];

  constructor(code: BrokenRecord['code'], reason: string) {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(reason);
    Error.stackTraceLimit = limit;
    this.code = code;
  }
}

/** `['spans', 3, 'kind']` as `spans[3].kind`. */
export function pathText(parts: readonly (string | number)[]): string {
  let path = '';
  for (const part of parts) {
    if (typeof part === 'number') path += `[${part}]`;
    else path += path === '' ? part : `.${part}`;
  }
  return path;
}
