import { calm, type Fault } from './faults/fault.ts';
import { leaderMoved } from './faults/leader-moved.ts';
import {
  clockJumped,
  diskFull,
  killedSpilling,
  processFrozen,
  processKilled,
  rivalCame,
} from './faults/process-faults.ts';
import { memoryAlarm } from './faults/rabbit-alarm.ts';
import { behind, flapping, killed, stopped, stragglers, together } from './faults/server-faults.ts';
import type { ServerBroker } from './lab-servers.ts';
import { partitionsAdded, rollingChange } from './rolling-change.ts';
import type { Scenario } from './scenario.ts';

/** Longer than a gateway tries: see the patience that the lab gives it. */
const longMs = 12_000;
const shortMs = 5_000;
/** For a fault that lasts as long as its processes take to start: the records must not grow with it. */
const slowly: Scenario['load'] = { pauseMs: 200 };

function one(name: string, fault: Fault, forMs: number, load?: Scenario['load']): Scenario {
  return { name, faults: [{ fault, afterMs: 0, forMs }], ...(load && { load }) };
}

const kafkas = ['kafka-1', 'kafka-2', 'kafka-3'];
const all = (make: (name: string) => Fault, how: string) =>
  together(`all brokers ${how}`, kafkas.map(make));
const kafkasCutOff = all((name) => behind('cut off', name, 'refuses'), 'cut off');

const kafkaOnly: readonly Scenario[] = [
  one('broker-killed', killed('kafka-1', 'refuses'), shortMs),
  one('broker-black-holed', behind('black-holed', 'kafka-2', 'refuses'), longMs),
  one('broker-heard-only', behind('heard only', 'kafka-3', 'refuses'), longMs),
  one('broker-late', behind('answered late', 'kafka-1', 'refuses'), longMs),
  { ...one('stragglers', stragglers(kafkas, 'refuses'), longMs), once: true },
  one('broker-frozen', stopped('kafka-2', 'refuses'), longMs),
  one(
    'brokers-down',
    all((name) => killed(name, 'refuses'), 'killed'),
    longMs,
  ),
  one('brokers-cut', kafkasCutOff, longMs),
  one('minute-without-brokers', kafkasCutOff, 60_000),
  one('leader-moved', leaderMoved, shortMs),
  diedSpilling('gateway-died-spilling', kafkasCutOff),
  diedSpilling('gateway-replaced', kafkasCutOff, 'gw-1-heir'),
  {
    name: 'disk-full',
    faults: [
      { fault: kafkasCutOff, afterMs: 0, forMs: longMs },
      { fault: diskFull('gw-1'), afterMs: 3_000, forMs: shortMs },
    ],
  },
];

const rabbitOnly: readonly Scenario[] = [
  one('rabbit-killed', killed('rabbitmq', 'refuses'), shortMs),
  one('rabbit-black-holed', behind('black-holed', 'rabbitmq', 'refuses'), longMs),
  one('rabbit-heard-only', behind('heard only', 'rabbitmq', 'refuses'), longMs),
  one('rabbit-minute-away', behind('cut off', 'rabbitmq', 'refuses'), 60_000),
  one('rabbit-alarm', memoryAlarm, longMs),
  one('rabbit-redis-killed', killed('redis', 'nothing'), shortMs),
  one(
    'rabbit-consumers-killed',
    flapping(consumersKilled(), { brokenMs: 500, wholeMs: 2_000 }),
    shortMs,
  ),
  one('rabbit-rebalance', rivals(), shortMs),
  diedSpilling('rabbit-gateway-replaced', behind('cut off', 'rabbitmq', 'refuses'), 'gw-1-heir'),
];

const stores = ['postgres', 'elasticsearch', 'redis'];

const storesAndProcesses: readonly Scenario[] = [
  ...stores.flatMap((name) => [
    one(`${name}-killed`, killed(name, 'nothing'), shortMs),
    one(`${name}-stopped`, stopped(name, 'nothing'), longMs),
    one(`${name}-slow`, behind('slow', name, 'nothing'), shortMs),
  ]),
  one('gateway-killed', processKilled('gw-1', 'cuts'), 500),
  one('gateway-frozen', processFrozen('gw-2', 'cuts'), longMs),
  one('consumers-killed', flapping(consumersKilled(), { brokenMs: 500, wholeMs: 2_000 }), 8_000),
  one('rebalance', rivals(), 6_000),
  one('rolling-change', rollingChange, 3_000, slowly),
  { ...one('partitions-added', partitionsAdded(5), 3_000, slowly), reorders: true },
  {
    name: 'clocks-jumped',
    faults: [
      { fault: clockJumped('gw-1', 90_000), afterMs: 0, forMs: shortMs },
      { fault: clockJumped('gw-2', -90_000), afterMs: 1_000, forMs: shortMs },
      { fault: clockJumped('writer', 3_600_000), afterMs: 500, forMs: shortMs },
    ],
  },
  one('client-retries', calm, shortMs, { deafShare: 0.2, repeatShare: 0.3 }),
];

/** Killed with what only its disk has; its volume is opened again while the broker is still away. */
function diedSpilling(name: string, outage: Fault, heir?: string): Scenario {
  return {
    name,
    faults: [
      { fault: outage, afterMs: 0, forMs: 2 * longMs },
      { fault: killedSpilling('gw-1', heir), afterMs: 500, forMs: 500 },
    ],
  };
}

function consumersKilled(): Fault {
  const names = ['writer', 'search', 'live'];
  return together(
    'writer and projectors killed',
    names.map((name) => processKilled(name, 'nothing')),
  );
}

function rivals(): Fault {
  const names = ['writer', 'search-projector', 'live-projector'];
  return together('a second of each consumer came, and was killed', names.map(rivalCame));
}

/** What every change to Spillway has to survive. */
export const scripted: Readonly<Record<ServerBroker, readonly Scenario[]>> = {
  kafka: [...kafkaOnly, ...storesAndProcesses],
  rabbitmq: rabbitOnly,
};
