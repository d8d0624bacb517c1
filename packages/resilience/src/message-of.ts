/** What an error says, for a log line or an answer; what was thrown and is no error, as a string. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
