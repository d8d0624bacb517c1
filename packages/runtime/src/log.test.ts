import { expect, it } from 'vitest';
import { createLogger } from './log.ts';

it('writes nothing that a terminal obeys, and what JSON reads as it was', () => {
  const lines: string[] = [];
  const logger = createLogger({ level: 'info' }, { write: (line) => void lines.push(line) });
  const name = 'a\u009b31m\u202eb\u2028c\u001b[2J';
  logger.info({ name });
  const [line = ''] = lines;
  expect(line).toMatch(/^[ -~]+\n$/);
  expect(JSON.parse(line).name).toBe(name);
});
