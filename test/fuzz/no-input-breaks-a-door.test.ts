import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { fuzz } from './src/fuzz.ts';
import { tableOf } from './src/report.ts';

/** Of CI; `npm run fuzz` gives more, and with other seeds. */
const inputs = 200_000;
const seed = 9;
/** On two busy cores it takes two to three minutes. */
const timeoutMs = 900_000;
const findings = mkdtempSync(join(tmpdir(), 'spillway-fuzz-findings-'));

afterAll(() => rmSync(findings, { recursive: true }));

test(
  `${inputs} mutated inputs break nothing: no crash, no hang, no odd answer, no record missing`,
  async () => {
    const lines: string[] = [];
    const say = (line: string): void => void lines.push(line);
    const outcome = await fuzz({ inputs, seed, findings, keep: false, say });
    expect(outcome.findings, lines.join('\n')).toEqual([]);
    const given = outcome.totals.reduce((sum, total) => sum + total.inputs, 0);
    expect(given, tableOf(outcome)).toBeGreaterThanOrEqual(inputs);
  },
  timeoutMs,
);
