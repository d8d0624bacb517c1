import { afterAll, beforeAll, expect, it } from 'vitest';
import { AttackLab } from './support/attack-lab.ts';
import { sendLongNames } from './support/long-names.ts';

const heapMb = 256;
const otherName = 'other (too many names)';
const MiB = 1024 * 1024;
let lab: AttackLab;

beforeAll(async () => {
  lab = await AttackLab.start({ heapMb });
});

afterAll(() => lab?.close());

interface Answer {
  truncated: boolean;
  operations: { operation: string }[];
}

it('names take no more memory than the limits, however long or many they are', async () => {
  await sendLongNames(lab, 10);
  await lab.verdict();

  const longOnes = await lab.ask('/api/services/long/operations');
  expect(longOnes.status).toBe(200);
  const { operations } = JSON.parse(longOnes.text) as Answer;
  // Those that came after the many others are counted with them.
  const named = operations.filter(({ operation }) => operation !== otherName);
  expect(named.length).toBeGreaterThan(0);
  for (const { operation } of named) {
    expect(operation).toMatch(/^[0-9a-f-]{36}x{100,}…#[0-9a-f]{8}$/);
  }
  const manyOnes = await lab.ask('/api/services/many/operations');
  const answer = JSON.parse(manyOnes.text) as Answer;
  expect(answer.truncated).toBe(true);
  expect(answer.operations.map(({ operation }) => operation)).toContain(otherName);
  const services = await lab.ask('/api/services');
  for (const { text } of [longOnes, manyOnes, services]) expect(text.length).toBeLessThan(MiB);
}, 120_000);
