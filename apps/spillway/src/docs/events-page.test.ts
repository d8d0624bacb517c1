import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { eventTables } from '../modules/events.ts';
import { eventsPage } from './events-page.ts';

test('docs/reference/events.md is what `npm run docs:events` makes', () => {
  const path = new URL('../../../../docs/reference/events.md', import.meta.url);
  expect(`${eventsPage(eventTables)}\n`).toBe(readFileSync(path, 'utf8'));
});

test('every event says in whole sentences what happened', () => {
  for (const [source, table] of Object.entries(eventTables)) {
    for (const [type, { description }] of Object.entries(table)) {
      expect(description, `${type} of ${source}`).toMatch(/^[A-Z`*][^|]{15,}\.$/);
    }
  }
});
