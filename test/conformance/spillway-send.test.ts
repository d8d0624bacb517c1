import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectAll } from './support/answers.ts';
import { coverageOf } from './support/coverage.ts';
import { expectedOf } from './support/expected.ts';
import { type Spillway, startSpillway } from './support/spillway.ts';
import { type SentRequest, startTap } from './support/tap.ts';

const run = promisify(execFile);
const program = fileURLToPath(new URL('../../apps/spillway/bin/spillway.js', import.meta.url));
const wanted = ['--traces', '30', '--spans', '9', '--logs', '120', '--points', '60'];
let spillway: Spillway;

beforeAll(async () => {
  spillway = await startSpillway();
});

afterAll(() => spillway?.stop());

test('what `spillway send` says was acknowledged comes back', async () => {
  const requests = [
    ...(await send('http', [])),
    ...(await send('http', ['--json', '--gzip'])),
    ...(await send('http', ['--zstd'])),
    ...(await send('grpc', ['--grpc', '--gzip'])),
  ];
  const sent = expectedOf(requests);
  expect(coverageOf(sent)).toMatchObject({
    metrics: ['exponential_histogram', 'gauge', 'histogram', 'monotonic sum', 'summary'],
    exemplars: true,
    kinds: [1, 2, 3, 4, 5],
  });
  await expectAll(spillway, sent);
});

async function send(door: 'http' | 'grpc', flags: string[]): Promise<SentRequest[]> {
  const tap = await startTap({ address: spillway[door], kind: door });
  const args = ['send', ...wanted, '--batch', '40', ...flags, '--endpoint', tap.address];
  const { stdout } = await run(process.execPath, [program, ...args]);
  expect(JSON.parse(stdout)).toMatchObject({
    acknowledged: { spans: 270, logs: 120, points: 60 },
    refused: { spans: 0, logs: 0, points: 0 },
    unanswered: { spans: 0, logs: 0, points: 0 },
  });
  const requests = await tap.requests();
  await tap.close();
  return requests;
}
