import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { registry } from '../modules/index.ts';
import { lagUnknownExpression } from './lag-alert.ts';

interface Rules {
  groups: { rules: { alert: string; expr: string }[] }[];
}

test('the alerts know every group', () => {
  const path = new URL('../../../../infra/prometheus/alerts.yml', import.meta.url);
  const { groups } = parse(readFileSync(path, 'utf8')) as Rules;
  const rules = groups.flatMap((group) => group.rules);
  const found = rules.find(({ alert }) => alert === 'SpillwayLagUnknown')?.expr;
  expect(found?.split(' or ').sort()).toEqual(lagUnknownExpression(registry).split(' or ').sort());
});
