/** Facts for the tests of the audit: what two messages left behind, in both stores, and more of such. */
import type { AllFacts } from '../test/audit-once.ts';
import type { Observation, SpilledObservation } from './audit/audit-facts.ts';
import type { AppliedMessage, NotedMessage } from './facts.ts';
import type { SinkSpec } from './sinks.ts';

const writer: SinkSpec = { name: 'writer', group: 'writer', title: 'write store', side: 'write' };
const search: SinkSpec = {
  name: 'search',
  group: 'search',
  title: 'search store',
  side: 'read',
  storedAs: 'searchable',
};
/** A store that is written, and one that is read. */
export const sinks = [writer, search];

/** A minute of the traces of one tenant. */
export const bucket = { tenant: 'acme', signal: 'traces' as const, minute: 29_400_000 };

/** The id of a message of the one epoch and partition of a gateway. */
export function id(sequence: number, gateway = 'gw') {
  return { gateway, epoch: 1, topic: 'otlp_spans', partition: 0, sequence };
}

/** A message as its gateway noted it. */
export function noted(
  sequence: number,
  records = 10,
): NotedMessage & { gateway: string; epoch: number } {
  return { ...id(sequence), ...bucket, position: sequence, records };
}

/** A message as it was seen in a queue or a spill. */
export function sighting(sequence: number, records = 10): Observation {
  return { ...bucket, id: id(sequence), records };
}

/** A message as a store applied it; `counts` says what of it was not stored. */
export function applied(sequence: number, counts: Partial<AppliedMessage> = {}): AppliedMessage {
  const records = counts.records ?? 10;
  const { duplicates = 0, deadLettered = 0 } = counts;
  return {
    ...bucket,
    id: id(sequence),
    position: sequence,
    records,
    stored: records - duplicates - deadLettered,
    duplicates,
    deadLettered,
    foreign: false,
    ...counts,
  };
}

/** Two messages of ten records, both in both stores. */
export function wellFacts() {
  const side = (sink: SinkSpec) => ({
    sink,
    applied: [applied(1), applied(2)],
    rows: [{ ...bucket, rows: 20, retired: 0 }],
    waiting: [] as Observation[],
    deadLetters: [] as Observation[],
    expired: [] as Observation[],
    undecided: [] as Observation[],
  });
  return {
    noted: [noted(1), noted(2)],
    refused: [] as (typeof bucket & { records: number })[],
    spilled: [] as SpilledObservation[],
    spills: [{ spill: 'a', lastGateway: 'gw', atMs: 1_764_000_000_000, isSilent: true }],
    sinks: [side(writer), side(search)] as const,
  } satisfies AllFacts;
}
