import type { Broker, PartitionLag } from '@spillway/broker';
import type { DeadLetter, DeadLetterFilter, ShownDeadLetter } from '@spillway/dead-letters';
import type { LedgerReport } from '@spillway/ledger';
import { auditLedger } from '../audit/audit-ledger.ts';
import { auditNeeds, auditSources, auditUses } from '../modules/audit.ts';
import { dataFolderModule } from '../modules/process/data-folder.ts';
import { consumers } from '../modules/roles/consumer.ts';
import { brokerModule } from '../modules/servers/broker.ts';
import { deadLettersModule } from '../modules/servers/broker-views.ts';
import { liveStoreModule } from '../modules/servers/live-store.ts';
import { searchStoreModule } from '../modules/servers/search-store.ts';
import { writeStoreModule } from '../modules/servers/write-store.ts';
import type { Restartable } from '../process/restartable.ts';
import type { RebuildResult } from '../rebuild/fill.ts';
import { rebuildLive, rebuildSearch } from '../rebuild/rebuild.ts';
import { defineOperation, type Operation } from './operation.ts';
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

type OperationOf<C extends Command> = Operation<Requests[C]['options'], Requests[C]['result']>;

/** Infers the options and the result of one command. */
function of<C extends Command>() {
  return defineOperation<Requests[C]['options'], Requests[C]['result']>();
}

export const operations: { readonly [C in Command]: OperationOf<C> } = {
  audit: of<'audit'>()({
    needs: auditNeeds,
    uses: auditUses,
    run: (given, options, context) => auditLedger(auditSources(context, given), options),
  }),
  lag: of<'lag'>()({
    needs: { broker: brokerModule },
    run: async ({ broker }, { group }, { registry }) => {
      const topicsOf = new Map(registry.groups().map((one) => [one.group, one.topics]));
      const all = async () => [...new Set([...topicsOf.keys(), ...(await broker.groups())])];
      const groups = group === undefined ? await all() : [group];
      const lags = await Promise.all(groups.map((name) => broker.lag(name, topicsOf.get(name))));
      if (group !== undefined && lags.flat().length === 0) await mustBeKnown(broker, group);
      return lags.flat();
    },
  }),
  'deadletters list': of<'deadletters list'>()({
    needs: { deadLetters: deadLettersModule },
    run: ({ deadLetters }, filter) => deadLetters.list(filter),
  }),
  'deadletters show': of<'deadletters show'>()({
    needs: { deadLetters: deadLettersModule },
    run: ({ deadLetters }, { id }) => deadLetters.show(id),
  }),
  'deadletters resubmit': of<'deadletters resubmit'>()({
    needs: { deadLetters: deadLettersModule },
    run: async ({ deadLetters }, options, { abort, progress }) => {
      const { ids, ratePerSecond, ...filter } = options;
      const chosen = ids ?? (await deadLetters.list(filter)).map(({ id }) => id);
      const onProgress = (done: number) => progress(`${done} of ${chosen.length} resubmitted`);
      return deadLetters.resubmit(chosen, { ratePerSecond, abort, onProgress });
    },
  }),
  'rebuild search': of<'rebuild search'>()({
    needs: {
      folder: dataFolderModule,
      broker: brokerModule,
      writeStore: writeStoreModule,
      search: searchStoreModule,
    },
    uses: { consumers },
    run: (given, _options, context) => rebuildSearch(given, context),
  }),
  'rebuild live': of<'rebuild live'>()({
    needs: { broker: brokerModule, writeStore: writeStoreModule, live: liveStoreModule },
    uses: { consumers },
    run: (given, _options, context) => rebuildLive(given, context),
  }),
  pause: of<'pause'>()({
    needs: { broker: brokerModule },
    uses: { consumers },
    run: (given, { group }) => setPaused(given.consumers, group, true),
  }),
  resume: of<'resume'>()({
    needs: { broker: brokerModule },
    uses: { consumers },
    run: (given, { group }) => setPaused(given.consumers, group, false),
  }),
};

async function mustBeKnown(broker: Broker, group: string): Promise<void> {
  const known = await broker.groups();
  if (known.includes(group)) return;
  const names = known.length > 0 ? known.sort().join(', ') : 'none so far';
  throw new OperationError(`no group ${group}; there are: ${names}`);
}

async function setPaused(running: readonly Restartable[], group: string, paused: boolean) {
  const consumer = running.find(({ name }) => name === group)?.consumer;
  if (!consumer) throw new OperationError(`no consumer of the group ${group} is running`);
  if (paused) consumer.pause();
  else consumer.resume();
  return { group, paused };
}
