import type { Fault, TimedFault } from './faults/fault.ts';
import { leaderMoved } from './faults/leader-moved.ts';
import { processFrozen, processKilled, rivalCame } from './faults/process-faults.ts';
import { behind, killed, networkNames, stopped } from './faults/server-faults.ts';
import type { ServerBroker } from './lab-servers.ts';
import type { Scenario } from './scenario.ts';

const brokersOf = { kafka: ['kafka-1', 'kafka-2', 'kafka-3'], rabbitmq: ['rabbitmq'] } as const;
const faultsAtOnceMax = 3;

/** Without end: the faults, their moments and the load depend on the chance alone. */
export function* randomScenarios(
  broker: ServerBroker,
  random: () => number,
): Generator<Scenario, never> {
  const catalogue = catalogueOf(broker);
  for (let round = 1; ; round++) {
    const faults = new Map<string, TimedFault>();
    const count = 1 + Math.floor(random() * faultsAtOnceMax);
    // What is broken already cannot be broken again: one fault for each target.
    for (let i = 0; i < count; i++) {
      const { target, faults: own } = pick(catalogue, random);
      const timed = { fault: pick(own, random), afterMs: random() * 4_000 };
      faults.set(target, { ...timed, forMs: 500 + random() ** 2 * 14_500 });
    }
    yield {
      name: `round-${round}`,
      faults: [...faults.values()],
      load: {
        sendersPerSignal: 1 + Math.floor(random() * 5),
        recordsPerRequest: 1 + Math.floor(random() * 20),
        pauseMs: 20 + random() * 100,
        giveUpShare: random() * 0.05,
        deafShare: random() * 0.1,
        repeatShare: random() * 0.1,
      },
    };
  }
}

interface Target {
  target: string;
  faults: readonly Fault[];
}

function catalogueOf(broker: ServerBroker): Target[] {
  const server = (name: string, shows: Fault['shows']): Target => ({
    target: name,
    faults: [
      killed(name, shows),
      stopped(name, shows),
      ...networkNames.map((network) => behind(network, name, shows)),
    ],
  });
  const consumers = { writer: 'writer', search: 'search-projector', live: 'live-projector' };
  return [
    ...brokersOf[broker].map((name) => server(name, 'refuses')),
    ...['postgres', 'elasticsearch', 'redis'].map((name) => server(name, 'nothing')),
    ...['gw-1', 'gw-2'].map((name) => ({
      target: name,
      faults: [processKilled(name, 'cuts'), processFrozen(name, 'cuts')],
    })),
    ...Object.entries(consumers).map(([name, role]) => ({
      target: name,
      faults: [processKilled(name, 'nothing'), processFrozen(name, 'nothing'), rivalCame(role)],
    })),
    ...(broker === 'kafka' ? [{ target: 'leaders', faults: [leaderMoved] }] : []),
  ];
}

function pick<T>(from: readonly T[], random: () => number): T {
  return from[Math.floor(random() * from.length)] as T;
}
