import { type DestinationStream, type Logger, pino } from 'pino';
import { z } from 'zod';
import { printable } from './printable.ts';

/** The `log` section of the configuration. */
export const logSection = z
  .object({
    level: z
      .enum(['debug', 'info', 'warn', 'error', 'silent'])
      .default('info')
      .describe('Lowest level that is logged. The log is JSON lines on standard error.'),
  })
  .prefault({});

export type { Logger };

/**
 * JSON lines, one event each; what a terminal would obey is escaped, which JSON reads as the same text.
 * Standard output stays for what a command answers.
 */
export function createLogger(
  { level }: z.output<typeof logSection>,
  stream: DestinationStream = pino.destination({ fd: 2, sync: true }),
): Logger {
  const escaping = { write: (line: string) => stream.write(printable(line)) };
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, escaping);
}
