import type { PartitionLag } from '@spillway/broker';
import type { DeadLetter, DeadLetterFilter } from '@spillway/consumer';
import { liveGroup } from '@spillway/projector';
import type { LedgerReport } from '@spillway/store';
import { auditLedger } from './ledger.ts';
import type { Parts } from './parts.ts';
import { type RebuildResult, rebuildSearch } from './rebuild.ts';

/** What a command asks of the process that owns the data folder. */
export interface Requests {
  audit: { options: { sinceMs?: number; tenant?: string }; result: LedgerReport };
  lag: { options: { group?: string }; result: PartitionLag[] };
  'deadletters list': { options: DeadLetterFilter; result: DeadLetter[] };
  'deadletters show': {
    options: { id: string };
    result: { letter: DeadLetter; body: string } | undefined;
  };
  'deadletters resubmit': {
    options: DeadLetterFilter & { ids?: string[]; ratePerSecond: number };
    result: string[];
  };
  'rebuild search': { options: Record<string, never>; result: RebuildResult };
  'rebuild live': { options: Record<string, never>; result: Record<string, never> };
  pause: { options: { group: string }; result: { group: string; paused: boolean } };
  resume: { options: { group: string }; result: { group: string; paused: boolean } };
}

export type Command = keyof Requests;

export class OperationError extends Error {
  override readonly name = 'OperationError';
}

type Operation<C extends Command> = (
  parts: Parts,
  options: Requests[C]['options'],
  context: { signal: AbortSignal; progress: (line: string) => void },
) => Promise<Requests[C]['result']>;

export const operations: { readonly [C in Command]: Operation<C> } = {
  audit: (parts, options) => auditLedger(parts, options),
  lag: async ({ broker }, { group }) => {
    const groups = group === undefined ? await broker.groups() : [group];
    return (await Promise.all(groups.map((name) => broker.lag(name)))).flat();
  },
  'deadletters list': ({ deadLetters }, filter) => deadLetters.list(filter),
  'deadletters show': ({ deadLetters }, { id }) => deadLetters.show(id),
  'deadletters resubmit': async ({ deadLetters }, options, { signal, progress }) => {
    const { ids, ratePerSecond, ...filter } = options;
    const chosen = ids ?? (await deadLetters.list(filter)).map(({ id }) => id);
    const onProgress = (done: number) => progress(`${done} of ${chosen.length} resubmitted`);
    return deadLetters.resubmit(chosen, { ratePerSecond, signal, onProgress });
  },
  'rebuild search': (parts, _options, { progress }) =>
    rebuildSearch(parts, ({ signal, records }) => progress(`${signal}: ${records} records so far`)),
  'rebuild live': async ({ pipeline }) => {
    if (!pipeline) {
      throw new OperationError(
        'live roll-ups are in memory: nothing to rebuild without `spillway up`',
      );
    }
    await pipeline.without(liveGroup, () => pipeline.live.reset());
    return {};
  },
  pause: (parts, { group }) => setPaused(parts, group, true),
  resume: (parts, { group }) => setPaused(parts, group, false),
};

async function setPaused({ pipeline }: Parts, group: string, paused: boolean) {
  const consumer = pipeline?.consumer(group);
  if (!consumer) throw new OperationError(`no consumer of the group ${group} is running`);
  if (paused) consumer.pause();
  else consumer.resume();
  return { group, paused };
}
