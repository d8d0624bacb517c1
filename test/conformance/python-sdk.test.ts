import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectAll } from './support/answers.ts';
import { coverageOf } from './support/coverage.ts';
import { expectedOf } from './support/expected.ts';
import { installPythonSdk, runPython } from './support/python.ts';
import { type Spillway, startSpillway } from './support/spillway.ts';
import { startTap } from './support/tap.ts';

const installMsMax = 300_000;
let spillway: Spillway | undefined;
let sdk: string | undefined;

beforeAll(async () => {
  try {
    sdk = await installPythonSdk();
  } catch (error) {
    console.warn(`not run: the Python SDK could not be installed: ${(error as Error).message}`);
    return;
  }
  spillway = await startSpillway();
}, installMsMax);

afterAll(() => spillway?.stop());

/** No instrument makes a summary. */
const everything = {
  values: [
    'arrayValue',
    'boolValue',
    'bytesValue',
    'doubleValue',
    'empty',
    'intValue',
    'kvlistValue',
    'stringValue',
  ],
  metrics: ['exponential_histogram', 'gauge', 'histogram', 'monotonic sum', 'sum'],
  exemplars: true,
  events: true,
  links: true,
  statuses: [0, 1, 2],
  kinds: [1, 2, 3, 4, 5],
};

test.each([
  ['http-protobuf', 'http'],
  ['http-json', 'http'],
  ['grpc', 'grpc'],
] as const)('what the Python SDK sends over %s comes back', async (protocol, door) => {
  if (!spillway || !sdk) return;
  const tap = await startTap({ address: spillway[door], kind: door });
  await runPython(sdk, 'story.py', [protocol, tap.address, `py-${protocol}`]);
  const sent = expectedOf(await tap.requests());
  await tap.close();
  expect(coverageOf(sent)).toMatchObject(everything);
  await expectAll(spillway, sent);
});
