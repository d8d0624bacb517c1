import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AttackLab } from './support/attack-lab.ts';
import { depart, departureNames } from './support/departures.ts';

let lab: AttackLab;

beforeAll(async () => {
  lab = await AttackLab.start();
});

afterAll(() => lab?.close());

describe('a client that goes away ends nothing but its calls', () => {
  it.each(departureNames)('%s', async (name) => {
    for (let round = 0; round < 25 && !lab.spillway.exit; round++) await depart(lab, name);
    expect(lab.spillway.exit, lab.spillway.lastWords).toBeUndefined();
  });

  it('and everybody else was served', async () => {
    await lab.verdict();
  });
});
