import { readFileSync } from 'node:fs';
import { loadConfig } from '@spillway/runtime';
import { expect, test } from 'vitest';
import { spillwaySchema } from '../config.ts';
import { registry } from '../modules/index.ts';
import { budgetOf } from './budget-of.ts';
import { limitsPage } from './limits-page.ts';
import { planMemory } from './plan-memory.ts';

const loaded = loadConfig(spillwaySchema, { env: {}, flags: {} });
const given = { bytes: 4 * 1_024 ** 3, source: 'the test' };
const flags = { heapBytes: undefined, semiSpaceMebibytes: undefined };
const { roles, limits, least } = registry;
const plan = planMemory({ loaded, registry, roles, given, flags });

test('docs/limits.md is what `spillway config --limits --memory 4G` prints', () => {
  const page = readFileSync(new URL('../../../../docs/limits.md', import.meta.url), 'utf8');
  expect(`${limitsPage({ loaded, registry, roles, plan })}\n`).toBe(page);
});

test('every bound of the doors and of memory is on the page', () => {
  const isBound =
    /^(gateway|console)\..*(Max|TimeoutMs|PerSecondMin)$|memoryBytesMax$|redisBytesMax$|batchBytesMax$/;
  const named = new Set([
    ...limits.map(({ key }) => key),
    ...budgetOf(loaded.config, registry.target(roles), plan.runtime).map(({ key }) => key),
  ]);
  const missing = loaded.leaves
    .map(({ key }) => key)
    .filter((key) => isBound.test(key) && !named.has(key));
  expect(missing).toEqual([]);
});

test('what shrinks is a setting, and shrinks', () => {
  const defaults = new Map(loaded.leaves.map(({ key, defaultValue }) => [key, defaultValue]));
  for (const [key, bytes] of Object.entries(least)) {
    expect(defaults.get(key), key).toBeGreaterThan(bytes);
  }
});
