import { afterAll, beforeAll, expect, it } from 'vitest';
import { ChaosLab } from './src/chaos-lab.ts';
import { seededRandom } from './src/random.ts';
import { runScenario, type Scenario } from './src/scenario.ts';
import { scripted } from './src/scenarios.ts';

const seed = Number(process.env.SPILLWAY_TEST_SEED ?? Date.now() % 1_000_000);
const random = seededRandom(seed);
/** A guard only: the lab itself says when nothing has moved for a minute. */
const scenarioTimeoutMs = 900_000;
let lab: ChaosLab;

beforeAll(async () => {
  lab = await ChaosLab.start({ broker: 'kafka' });
}, 300_000);
afterAll(() => lab?.close());

it.each(scripted.kafka)(
  `Kafka: $name: nothing lost, doubled, out of order or unaccounted (seed ${seed})`,
  async (scenario) => {
    const { violations, tally } = await runScenario(lab, scenario, random);
    expect(violations, JSON.stringify(tally)).toEqual([]);
    expect(tally.acknowledged).toBeGreaterThan(100);
  },
  scenarioTimeoutMs,
);

/** Without the guarantee that each protects, a scenario must find something. After all others. */
const sabotages = [
  { mode: 'retry-beside-the-producer', name: 'stragglers', finds: /twice on their topic/ },
  { mode: 'acknowledge-before-spill', name: 'gateway-died-spilling', finds: /lost in/ },
] as const;

it.each(sabotages)(
  `Kafka: $name can fail: with $mode it finds $finds (seed ${seed})`,
  async ({ mode, name, finds }) => {
    await lab.sabotage(mode);
    const scenario = scripted.kafka.find((each) => each.name === name) as Scenario;
    const { violations } = await runScenario(lab, { ...scenario, name: mode }, random);
    expect(violations).toContainEqual(expect.stringMatching(finds));
  },
  scenarioTimeoutMs,
);
