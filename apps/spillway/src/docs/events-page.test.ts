import { expect, test } from 'vitest';
import { eventTables } from '../modules/events.ts';

test('every event says in whole sentences what happened', () => {
  for (const [source, table] of Object.entries(eventTables)) {
    for (const [type, { description }] of Object.entries(table)) {
      expect(description, `${type} of ${source}`).toMatch(/^[A-Z`*][^|]{15,}\.$/);
    }
  }
});
