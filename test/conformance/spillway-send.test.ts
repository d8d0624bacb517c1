import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectAll } from './support/answers.ts';
import { coverageOf } from './support/coverage.ts';
import { type Expected, expectedOf } from './support/expected.ts';
import { type Spillway, startSpillway } from './support/spillway.ts';
import { startTap } from './support/tap.ts';

const run = promisify(execFile);
const program = fileURLToPath(new URL('../../apps/spillway/bin/spillway.js', import.meta.url));
const amounts = [
  '--traces',
  '30',
  '--spans',
  '9',
  '--logs',
  '120',
  '--points',
  '60',
  '--batch',
  '40',
];
let spillway: Spillway;
const sentBefore: Expected[] = [];

beforeAll(async () => {
  spillway = await startSpillway();
});

afterAll(() => spillway?.stop());

test.each([
  { flags: [], door: 'http' },
  { flags: ['--json', '--gzip'], door: 'http' },
  { flags: ['--grpc', '--gzip'], door: 'grpc' },
] as const)('what `spillway send $flags` says was acknowledged comes back', async (some) => {
  const { flags, door } = some;
  const tap = await startTap({ address: spillway[door], kind: door });
  const args = [program, 'send', ...amounts, ...flags, '--endpoint', tap.address];
  const { stdout } = await run(process.execPath, args);
  expect(JSON.parse(stdout)).toMatchObject({
    acknowledged: { spans: 270, logs: 120, points: 60 },
    refused: { spans: 0, logs: 0, points: 0 },
    unanswered: { spans: 0, logs: 0, points: 0 },
  });
  const sent = expectedOf(await tap.requests());
  await tap.close();
  expect(coverageOf(sent)).toMatchObject({
    metrics: ['exponential_histogram', 'gauge', 'histogram', 'monotonic sum', 'summary'],
    exemplars: true,
    kinds: [1, 2, 3, 4, 5],
  });
  // Every run speaks for the same services, so all that was sent so far is compared together.
  const together = { spans: [], logs: [], points: [] } as Expected;
  for (const one of [...sentBefore, sent]) {
    together.spans.push(...one.spans);
    together.logs.push(...one.logs);
    together.points.push(...one.points);
  }
  await expectAll(spillway, { sent: together, sentBefore: [] });
  sentBefore.push(sent);
});
