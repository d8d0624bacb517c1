/** What a command asked for cannot be done, and why. */
export class OperationError extends Error {
  override readonly name = 'OperationError';
}
