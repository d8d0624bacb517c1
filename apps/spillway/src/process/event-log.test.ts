import type { Logger } from '@spillway/runtime';
import { expect, it } from 'vitest';
import { eventLog } from './event-log.ts';

function logged() {
  const lines: unknown[] = [];
  const note = (level: string) => (line: object) => void lines.push({ level, ...line });
  const logger = { error: note('error'), info: note('info'), warn: note('warn') };
  return { lines, logger: logger as unknown as Logger };
}

it('tells a warning that comes again and again now and then, and how many it left out', () => {
  const { lines, logger } = logged();
  let nowMs = 0;
  const report = eventLog(logger, () => nowMs);
  const held = { type: 'partition-held', group: 'writer' };
  for (let i = 0; i < 5; i++) report(held);
  report({ ...held, group: 'search' } as typeof held);
  nowMs = 10_000;
  report(held);
  expect(lines).toEqual([
    { level: 'warn', ...held },
    { level: 'warn', ...held, group: 'search' },
    { level: 'warn', ...held, leftOut: 4 },
  ]);
});

it('leaves out no error and nothing usual', () => {
  const { lines, logger } = logged();
  const report = eventLog(logger, () => 0);
  for (const type of ['failed', 'failed', 'connected', 'connected']) report({ type });
  expect(lines).toHaveLength(4);
});
