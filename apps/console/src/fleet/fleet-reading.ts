import type { FleetReading } from '../ports.ts';
import type { FleetAnswer, ProcessView, UnsafeFinding } from '../schema/pipeline-answers.ts';
import type { DrainTimes } from './drain-time.ts';
import { processDocument } from './process-document.ts';

/**
 * Makes the answer of a reading of the fleet. Servers in trouble come first; of processes, gateways
 * with messages in their spill, then other gateways, then the rest by name.
 */
export function fleetAnswer(
  reading: FleetReading,
  { drainTimes, nowMs }: { drainTimes: DrainTimes; nowMs: number },
): FleetAnswer {
  const processes = reading.processes.map(({ name, startedMs, document }): ProcessView => {
    const parsed = processDocument.safeParse(document);
    if (!parsed.success) return { name, startedMs, document: null, drainSeconds: null };
    const waiting = parsed.data.gateway?.spill?.messages ?? 0;
    const drainSeconds = drainTimes.seconds(`spill of ${name}`, waiting, nowMs);
    return { name, startedMs, document: parsed.data, drainSeconds };
  });
  const rank = ({ document }: ProcessView): number => {
    if (!document?.gateway) return 2;
    return document.gateway.spill?.messages ? 0 : 1;
  };
  processes.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
  return { ...reading, dependencies: reading.dependencies.toSorted(worstFirst), processes };
}

type Dependency = FleetReading['dependencies'][number];

function worstFirst(a: Dependency, b: Dependency): number {
  const rank = ({ own, fleet, reporters }: Dependency): number =>
    fleet === 'down' || own === 'down' ? 0 : reporters.length > 0 ? 1 : 2;
  return rank(a) - rank(b) || a.dependency.localeCompare(b.dependency);
}

/** Collects what is unsafe in all processes; what several of them found is listed once. */
export function unsafeOf({ processes }: FleetReading): UnsafeFinding[] {
  const findings = new Map<string, UnsafeFinding>();
  for (const { name: process, document } of processes) {
    for (const { name, key, wanted, got } of processDocument.safeParse(document).data?.unsafe ??
      []) {
      const id = JSON.stringify([name, key, wanted, got]);
      const finding = findings.get(id) ?? { name, key, wanted, got, processes: [] };
      finding.processes.push(process);
      findings.set(id, finding);
    }
  }
  return [...findings.values()];
}
