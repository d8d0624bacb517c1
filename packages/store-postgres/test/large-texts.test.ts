import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestRecords } from '@spillway/store/contract';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPostgresStore } from '../src/index.ts';

const mebibyte = 1_048_576;
const dir = mkdtempSync(join(tmpdir(), 'large-texts-'));
const store = createPostgresStore({ dir: join(dir, 'postgres'), retentionMs: 7 * 86_400_000 });

beforeAll(() => store.start(), 60_000);
afterAll(async () => {
  await store.stop();
  rmSync(dir, { recursive: true });
});

it('refuses a record that needs more than a statement takes, and stores its neighbours', async () => {
  const records = new TestRecords();
  // Each of these characters takes seven in an array of JSON: V8 ended the process over it.
  const bodies = ['before', '\u0001'.repeat(20 * mebibyte), 'after'];
  const logs = bodies.map((stringValue) => records.log({ body: { stringValue } }));
  const [outcome] = await store.apply([records.message(logs)]);
  expect(outcome?.records.map(({ status }) => status)).toEqual(['stored', 'deadLetter', 'stored']);
}, 240_000);
