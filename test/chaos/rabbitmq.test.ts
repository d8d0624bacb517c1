import { afterAll, beforeAll, expect, it } from 'vitest';
import { ChaosLab } from './src/chaos-lab.ts';
import { seededRandom } from './src/random.ts';
import { runScenario } from './src/scenario.ts';
import { scripted } from './src/scenarios.ts';

const seed = Number(process.env.SPILLWAY_TEST_SEED ?? Date.now() % 1_000_000);
const random = seededRandom(seed);
/** A guard only: the lab itself says when nothing has moved for a minute. */
const scenarioTimeoutMs = 900_000;
let lab: ChaosLab;

beforeAll(async () => {
  lab = await ChaosLab.start({ broker: 'rabbitmq' });
}, 300_000);
afterAll(() => lab?.close());

it.each(scripted.rabbitmq)(
  `RabbitMQ: $name: nothing lost, doubled, out of order or unaccounted (seed ${seed})`,
  async (scenario) => {
    const { violations, tally } = await runScenario(lab, scenario, random);
    expect(violations, JSON.stringify(tally)).toEqual([]);
    expect(tally.acknowledged).toBeGreaterThan(100);
  },
  scenarioTimeoutMs,
);
