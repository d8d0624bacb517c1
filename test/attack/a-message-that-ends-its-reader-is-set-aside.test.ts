import { fileURLToPath } from 'node:url';
import { runSpillway, spanIdOf, traceIdOf, tracesBody } from '@spillway/test-support';
import { afterEach, expect, it } from 'vitest';
import { AttackLab } from './support/attack-lab.ts';

const word = 'ends-its-reader';
const preload = fileURLToPath(new URL('./support/abort-on.mjs', import.meta.url));
const startsMax = 6;
let lab: AttackLab;

afterEach(() => lab?.close());

async function send(service: string, number: number): Promise<number> {
  const span = { traceId: traceIdOf(number), spanId: spanIdOf(number) };
  const response = await fetch(`${lab.addresses.otlpHttp}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${lab.evilKey}` },
    body: tracesBody(service, [span]),
  });
  await response.arrayBuffer();
  return response.status;
}

it('becomes a named dead letter after some starts, its neighbours are stored', async () => {
  const env = { NODE_OPTIONS: `--import=${preload}`, TEST_ABORT_ON: word };
  lab = await AttackLab.start({ env });
  // In one partition with what ends the process, and some of it in one batch.
  for (let number = 1; number <= 10; number++) expect(await send('beside', number)).toBe(200);
  await send(word, 5).catch(() => undefined);
  for (let number = 11; number <= 15; number++) await send('beside', number).catch(() => undefined);
  let starts = 1;
  for (; starts < startsMax; starts++) {
    if (await livesOn()) break;
    await lab.restart().catch(() => undefined);
  }
  const { deadLettered, accepted } = await lab.verdict();
  expect(deadLettered).toBe(1);
  expect(accepted).toBeGreaterThan(10);
  const { stdout } = await runSpillway(['deadletters', 'list', '--json', '--data', lab.dataDir]);
  expect(stdout).toContain('kills-its-reader');
  expect(stdout).toMatch(/alone in flight: otlp_spans\/\d+ at \d+, gw-1\/\d+\/\d+, \d+ bytes/);
}, 180_000);

/** Until it has set the message aside, or ended. */
async function livesOn(): Promise<boolean> {
  while (lab.spillway.exit === undefined) {
    const { stdout } = await runSpillway(['deadletters', 'list', '--json', '--data', lab.dataDir]);
    if (stdout.includes('kills-its-reader') && lab.spillway.exit === undefined) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}
