/** What a command asked for cannot be done, and why. */
export class OperationError extends Error {
  override readonly name = 'OperationError';
  /** Of the command; its usual one for what cannot be done where undefined. */
  readonly exitCode: number | undefined;

  constructor(message: string, options: { cause?: unknown; exitCode?: number | undefined } = {}) {
    super(message, { cause: options.cause });
    this.exitCode = options.exitCode;
  }
}
