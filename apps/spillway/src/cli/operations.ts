import type { Broker, PartitionLag } from '@spillway/broker';
import type { DeadLetter, DeadLetterFilter, ShownDeadLetter } from '@spillway/consumer';
import type { LedgerReport } from '@spillway/ledger';
import { auditLedger } from '../audit/audit-ledger.ts';
import type { Parts } from '../parts.ts';
import type { RebuildResult } from '../rebuild/fill.ts';
import { rebuildLive, rebuildSearch } from '../rebuild/rebuild.ts';
import type { Resource } from '../roles.ts';
import { groupTopics } from '../topics.ts';
import { OperationError } from './operation-error.ts';

/** What a command asks of the process that owns the data folder. */
export interface Requests {
  audit: { options: { sinceMs?: number; tenant?: string }; result: LedgerReport };
  lag: { options: { group?: string }; result: PartitionLag[] };
  'deadletters list': { options: DeadLetterFilter; result: DeadLetter[] };
  'deadletters show': {
    options: { id: string };
    result: ShownDeadLetter | undefined;
  };
  'deadletters resubmit': {
    options: DeadLetterFilter & { ids?: string[]; ratePerSecond: number };
    result: string[];
  };
  'rebuild search': { options: Record<string, never>; result: RebuildResult };
  'rebuild live': {
    options: Record<string, never>;
    result: RebuildResult | Record<string, never>;
  };
  pause: { options: { group: string }; result: { group: string; paused: boolean } };
  resume: { options: { group: string }; result: { group: string; paused: boolean } };
}

export type Command = keyof Requests;

type Operation<C extends Command> = (
  parts: Parts,
  options: Requests[C]['options'],
  context: { abort: AbortSignal; progress: (line: string) => void },
) => Promise<Requests[C]['result']>;

export const operations: { readonly [C in Command]: Operation<C> } = {
  audit: (parts, options) => auditLedger(parts, options),
  lag: async ({ broker }, { group }) => {
    const topicsOf = new Map(groupTopics().map((one) => [one.group, one.topics]));
    const all = async () => [...new Set([...topicsOf.keys(), ...(await broker.groups())])];
    const groups = group === undefined ? await all() : [group];
    const lags = (
      await Promise.all(groups.map((name) => broker.lag(name, topicsOf.get(name))))
    ).flat();
    if (group !== undefined && lags.length === 0) await mustBeKnown(broker, group);
    return lags;
  },
  'deadletters list': ({ deadLetters }, filter) => deadLetters.list(filter),
  'deadletters show': ({ deadLetters }, { id }) => deadLetters.show(id),
  'deadletters resubmit': async ({ deadLetters }, options, { abort, progress }) => {
    const { ids, ratePerSecond, ...filter } = options;
    const chosen = ids ?? (await deadLetters.list(filter)).map(({ id }) => id);
    const onProgress = (done: number) => progress(`${done} of ${chosen.length} resubmitted`);
    return deadLetters.resubmit(chosen, { ratePerSecond, abort, onProgress });
  },
  'rebuild search': (parts, _options, context) => rebuildSearch(parts, context),
  'rebuild live': (parts, _options, context) => rebuildLive(parts, context),
  pause: (parts, { group }) => setPaused(parts, group, true),
  resume: (parts, { group }) => setPaused(parts, group, false),
};

/** What a command works on when no process runs that it could ask. */
export const resourcesOfCommand: { readonly [C in Command]: readonly Resource[] } = {
  audit: ['broker', 'writeStore', 'search'],
  lag: ['broker'],
  'deadletters list': ['broker'],
  'deadletters show': ['broker'],
  'deadletters resubmit': ['broker'],
  'rebuild search': ['broker', 'writeStore', 'search'],
  'rebuild live': ['broker', 'writeStore', 'live'],
  pause: ['broker'],
  resume: ['broker'],
};

async function mustBeKnown(broker: Broker, group: string): Promise<void> {
  const known = await broker.groups();
  if (known.includes(group)) return;
  const names = known.length > 0 ? known.sort().join(', ') : 'none so far';
  throw new OperationError(`no group ${group}; there are: ${names}`);
}

async function setPaused({ pipeline }: Parts, group: string, paused: boolean) {
  const consumer = pipeline?.consumer(group);
  if (!consumer) throw new OperationError(`no consumer of the group ${group} is running`);
  if (paused) consumer.pause();
  else consumer.resume();
  return { group, paused };
}
