import { expect, it } from 'vitest';
import { eventKinds, eventTables } from '../modules/events.ts';
import { eventLog } from './event-log.ts';

function logged() {
  const lines: unknown[] = [];
  const note = (level: string) => (line: object) => void lines.push({ level, ...line });
  const logger = { error: note('error'), info: note('info'), warn: note('warn') };
  return { lines, logger };
}

it('tells a warning that comes again and again now and then, and how many it left out', () => {
  const { lines, logger } = logged();
  let nowMs = 0;
  const report = eventLog({ logger, kinds: eventKinds, nowMs: () => nowMs });
  const held = { type: 'partition-held', group: 'writer' } as const;
  for (let i = 0; i < 5; i++) report(held);
  const other = { ...held, group: 'search' } as const;
  report(other);
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
  const report = eventLog({ logger, kinds: eventKinds, nowMs: () => 0 });
  for (const type of ['failed', 'failed', 'connected', 'connected'] as const) report({ type });
  expect(lines).toHaveLength(4);
});

it('shows where a bug is, and of other errors what they say', () => {
  const { lines, logger } = logged();
  const report = eventLog({ logger, kinds: eventKinds, nowMs: () => 0 });
  const error = new Error('broken');
  const bug = { type: 'internal-error', where: 'here', error } as const;
  const foreseen = { type: 'failed', error } as const;
  report(bug);
  report(foreseen);
  expect(lines).toEqual([
    { level: 'error', type: 'internal-error', where: 'here', error: 'broken', stack: error.stack },
    { level: 'error', type: 'failed', error: 'broken' },
  ]);
});

it('gives a type the same severity, whichever package tells it', () => {
  for (const [source, table] of Object.entries(eventTables)) {
    for (const [type, { severity }] of Object.entries(table)) {
      const known = Object.entries(eventKinds).find(([name]) => name === type)?.[1];
      expect(severity, `${type} of ${source}`).toBe(known?.severity);
    }
  }
});
