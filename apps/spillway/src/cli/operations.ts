import type { Broker, PartitionLag } from '@spillway/broker';
import type { DeadLetter, DeadLetterFilter, ShownDeadLetter } from '@spillway/dead-letters';
import type { LedgerReport } from '@spillway/ledger';
import { isStoreError } from '@spillway/store';
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
import { exitCodes } from './exit-codes.ts';
import { defineOperation, type Operation } from './operation.ts';
import { OperationError } from './operation-error.ts';

/** What a command asks of the process that owns the data folder. */
export interface Requests {
  audit: { options: { sinceMs?: number; tenant?: string }; result: LedgerReport };
  lag: { options: { group?: string }; result: PartitionLag[] };
  'deadletters list': { options: DeadLetterFilter; item: DeadLetter; result: { listed: number } };
  'deadletters show': {
    options: { id: string };
    result: ShownDeadLetter | undefined;
  };
  'deadletters resubmit': {
    options: DeadLetterFilter & { ids?: string[]; ratePerSecond: number };
    /** Ids. */
    item: string;
    result: { resubmitted: number };
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

/** What the answer to a command is handed over as, piece by piece, before its result. */
export type ItemOf<C extends Command> = Requests[C] extends { item: infer Item } ? Item : never;

type OperationOf<C extends Command> = Operation<
  Requests[C]['options'],
  Requests[C]['result'],
  ItemOf<C>
>;

/** Infers the options and the result of one command. */
function of<C extends Command>() {
  return defineOperation<Requests[C]['options'], Requests[C]['result'], ItemOf<C>>();
}

export const operations: { readonly [C in Command]: OperationOf<C> } = {
  audit: of<'audit'>()({
    needs: auditNeeds,
    uses: auditUses,
    run: async (given, { sinceMs, tenant }, context) => {
      const { ending, config } = context;
      const options = { sinceMs, tenant, ending, bytesMax: config.console.ledgerBytesMax };
      return await auditLedger(auditSources(context, given), options).catch(toOperationError);
    },
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
    run: async ({ deadLetters }, filter, { ending, emit }) => {
      const all = deadLetters.list(filter, ending);
      return { listed: await inBatches(all, emit).catch(toOperationError) };
    },
  }),
  'deadletters show': of<'deadletters show'>()({
    needs: { deadLetters: deadLettersModule },
    run: ({ deadLetters }, { id }) => deadLetters.show(id),
  }),
  'deadletters resubmit': of<'deadletters resubmit'>()({
    needs: { deadLetters: deadLettersModule },
    run: async ({ deadLetters }, options, { ending: abort, progress, emit }) => {
      const { ids, ratePerSecond, ...filter } = options;
      let total = ids?.length ?? 0;
      const onCount = (count: number) => {
        total = count;
      };
      const sending = ids
        ? deadLetters.resubmit(ids, { ratePerSecond, abort })
        : deadLetters.resubmitAll(filter, { ratePerSecond, abort, onCount });
      const onProgress = (done: number) => progress(`${done} of ${total} resubmitted`);
      const resubmitted = await inBatches(sending, emit, onProgress).catch(toOperationError);
      return { resubmitted };
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

/** One piece of an answer. */
const itemsPerBatch = 100;

/** Hands all of them over; answers how many they were. */
async function inBatches<Item>(
  items: AsyncIterable<Item>,
  emit: (batch: readonly Item[]) => Promise<void>,
  onProgress?: (done: number) => void,
): Promise<number> {
  let done = 0;
  let batch: Item[] = [];
  const flush = async (): Promise<void> => {
    if (batch.length > 0) await emit(batch);
    batch = [];
  };
  try {
    for await (const item of items) {
      batch.push(item);
      done += 1;
      onProgress?.(done);
      if (batch.length >= itemsPerBatch) await flush();
    }
  } finally {
    // What was done before an error, too.
    await flush();
  }
  return done;
}

/** More than the memory for it holds is said with an exit code of its own. */
function toOperationError(error: unknown): never {
  if (!isStoreError(error, 'too-much-asked')) throw error;
  throw new OperationError(error.message, { cause: error, exitCode: exitCodes.tooMuch.code });
}

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
