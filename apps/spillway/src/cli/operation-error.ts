/** What a command asked for cannot be done, and why. */
export class OperationError extends Error {
  override readonly name = 'OperationError';
  /** Exit code of the command; where undefined, the usual one for what cannot be done. */
  readonly exitCode: number | undefined;

  constructor(message: string, options: { cause?: unknown; exitCode?: number | undefined } = {}) {
    super(message, { cause: options.cause });
    this.exitCode = options.exitCode;
  }
}
