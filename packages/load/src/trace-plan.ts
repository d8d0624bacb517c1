/** The shape of a trace before it is written down: who calls whom, when, and what fails. */
import type { Random } from './random.ts';
import type { Route, Service } from './services.ts';

export type Role = 'server' | 'client' | 'database' | 'internal' | 'producer' | 'consumer';

export interface PlannedSpan {
  role: Role;
  service: Service;
  /** Place of the parent in the plan, which lies before it; -1 for the root. */
  parent: number;
  route: Route;
  /** Since the start of the trace. */
  startUs: number;
  endUs: number;
  failed: boolean;
}

export interface TracePlanOptions {
  random: Random;
  services: readonly Service[];
  /** At least 1. */
  spans: number;
}

const medianUs = 60_000;
const slowChance = 0.02;
const slowFactor = 15;
const failureChance = 0.05;
const callChance = 0.4;
const messageChance = 0.1;

/** Exactly `spans` spans; the root is first, and children lie inside their parent's time. */
export function planTrace(options: TracePlanOptions): PlannedSpan[] {
  const { random, services, spans } = options;
  const durationUs = random.latency(medianUs) * (random.chance(slowChance) ? slowFactor : 1);
  const front = services[0] as Service;
  const plan = [planned(random, 'server', front, { startUs: 0, endUs: durationUs }, -1)];
  /** Places of the spans that may have children: servers and consumers. */
  const hosts = [0];
  while (plan.length < spans) {
    const place = random.pick(hosts);
    const chance = random.unit();
    const two = spans - plan.length >= 2;
    if (two && chance < callChance) hosts.push(addPair(plan, place, 'client', 'server', options));
    else if (two && chance < callChance + messageChance) {
      hosts.push(addPair(plan, place, 'producer', 'consumer', options));
    } else addLeaf(plan, place, random);
  }
  if (random.chance(failureChance)) failFrom(plan, plan.length - 1);
  return plan;
}

/** A span of the host and what it calls in another service. Gives the place of the latter. */
function addPair(
  plan: PlannedSpan[],
  place: number,
  from: 'client' | 'producer',
  to: 'server' | 'consumer',
  { random, services }: TracePlanOptions,
): number {
  const host = plan[place] as PlannedSpan;
  const others = services.filter((service) => service !== host.service);
  const called = others.length > 0 ? random.pick(others) : host.service;
  const outer = planned(random, from, host.service, within(random, host), place);
  const inner = planned(random, to, called, within(random, outer), plan.length);
  outer.route = inner.route;
  plan.push(outer, inner);
  return plan.length - 1;
}

function addLeaf(plan: PlannedSpan[], place: number, random: Random): void {
  const host = plan[place] as PlannedSpan;
  const role = random.chance(0.65) ? 'database' : 'internal';
  plan.push(planned(random, role, host.service, within(random, host), place));
}

/** An error travels from where it happened to the root. */
function failFrom(plan: PlannedSpan[], place: number): void {
  for (let at = place; at >= 0; at = (plan[at] as PlannedSpan).parent) {
    (plan[at] as PlannedSpan).failed = true;
  }
}

function planned(
  random: Random,
  role: Role,
  service: Service,
  time: { startUs: number; endUs: number },
  parent: number,
): PlannedSpan {
  return { role, service, parent, route: random.pick(service.routes), ...time, failed: false };
}

function within(random: Random, { startUs, endUs }: PlannedSpan) {
  const length = endUs - startUs;
  const from = startUs + length * random.between(0.02, 0.5);
  return { startUs: from, endUs: from + (endUs - from) * random.between(0.3, 0.95) };
}
