/** The conditions of a machine that stop a file operation and say nothing about the file. */
const meanings = {
  ENOSPC: 'no space is left on the device',
  EDQUOT: 'the disk quota is used up',
  EMFILE: 'the process has no file descriptors left',
  ENFILE: 'the machine has no file descriptors left',
  EACCES: 'permission is denied',
  EPERM: 'the operation is not permitted',
  EROFS: 'the file system is read-only',
  EIO: 'the device answered with an input/output error',
  ENOMEM: 'no memory is left',
} as const;

/** Codes of the system that mean trouble of the environment, not of the files. */
export type EnvironmentCode = keyof typeof meanings;

/**
 * How glibc, musl (PGlite), SQLite, DuckDB, PostgreSQL and V8 word them. DuckDB begins every
 * complaint about a file, a damaged one too, with "IO Error", which is none of these.
 */
const wordings: readonly [EnvironmentCode, RegExp][] = [
  ['ENOSPC', /no space left|(disk|device) (is )?full|out of disk space|not enough disk space/i],
  ['EDQUOT', /quota exceeded/i],
  ['ENFILE', /too many open files in system|file table overflow/i],
  ['EMFILE', /too many open files|no file descriptors available|out of file descriptors/i],
  ['EACCES', /permission denied/i],
  ['EPERM', /operation not permitted/i],
  ['EROFS', /read-only file ?system|readonly database/i],
  ['EIO', /input\/output error|\bI\/O error|disk I\/O/i],
  ['ENOMEM', /out of memory|cannot allocate memory|could not allocate|allocation failed/i],
];

/** SQLSTATE of class 53 and 42501. */
const sqlStates: Readonly<Record<string, EnvironmentCode>> = {
  '53000': 'EMFILE',
  '53100': 'ENOSPC',
  '53200': 'ENOMEM',
  '53300': 'EMFILE',
  '42501': 'EACCES',
};

const codePattern = new RegExp(`\\b(${Object.keys(meanings).join('|')})\\b`);
const causesMax = 8;

/**
 * Environment or damage: the one place that decides. Answers the condition of the machine behind an
 * error, however it is disguised, or undefined when the error may speak of the file itself. What
 * fails for its environment is never set aside: with room, rights or descriptors it is whole.
 */
export function environmentCodeOf(error: unknown): EnvironmentCode | undefined {
  let at: unknown = error;
  for (let depth = 0; at !== undefined && at !== null && depth < causesMax; depth += 1) {
    const { code, message, cause, errors } = shapeOf(at);
    const known = ownCode(code, message);
    if (known !== undefined) return known;
    for (const each of errors) {
      const inner = environmentCodeOf(each);
      if (inner !== undefined) return inner;
    }
    at = cause;
  }
  return undefined;
}

/** A start or an operation stopped for its environment; nothing is broken, and nothing was changed. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
  readonly code: EnvironmentCode;
  readonly path: string;

  /**
   * @param options.wanted what was to be done at the path, e.g. `open the write store`
   * @param options.detail what was measured, e.g. `4 MiB are free, 20 MiB are needed`
   */
  constructor(options: {
    code: EnvironmentCode;
    path: string;
    wanted: string;
    detail?: string;
    cause?: unknown;
  }) {
    const { code, path, wanted, detail, cause } = options;
    const answer = detail === undefined ? meanings[code] : `${meanings[code]}, ${detail}`;
    super(`Cannot ${wanted} in ${path}: ${answer} (${code}).`, { cause });
    this.code = code;
    this.path = path;
  }
}

/** The same error, or an `EnvironmentError` that names the folder where its environment is at fault. */
export function namedIfEnvironment(
  error: unknown,
  place: { path: string; wanted: string },
): unknown {
  if (error instanceof EnvironmentError) return error;
  const code = environmentCodeOf(error);
  return code === undefined ? error : new EnvironmentError({ ...place, code, cause: error });
}

function ownCode(code: unknown, message: string): EnvironmentCode | undefined {
  if (typeof code === 'string') {
    if (Object.hasOwn(meanings, code)) return code as EnvironmentCode;
    if (Object.hasOwn(sqlStates, code)) return sqlStates[code];
  }
  const named = codePattern.exec(message)?.[1];
  if (named !== undefined) return named as EnvironmentCode;
  return wordings.find(([, wording]) => wording.test(message))?.[0];
}

function shapeOf(value: unknown) {
  if (typeof value === 'string') return { message: value, errors: [] };
  if (typeof value !== 'object') return { message: '', errors: [] };
  const { code, message, cause, errors } = value as {
    code?: unknown;
    message?: unknown;
    cause?: unknown;
    errors?: unknown;
  };
  return {
    code,
    message: typeof message === 'string' ? message : '',
    cause,
    errors: Array.isArray(errors) ? errors : [],
  };
}
