/** What the ledger is read from: by the console, and by `spillway audit`. */
import { noteGroup } from '@spillway/writer';
import type { Account, AuditSources } from '../audit/audit-sources.ts';
import { keptAside } from '../folder/set-aside-notes.ts';
import type { Gather, Given, ModuleContext } from '../registry/module.ts';
import { dataFolderModule } from './process/data-folder.ts';
import { spillModule } from './process/spill.ts';
import { brokerModule } from './servers/broker.ts';
import { logTurnsModule } from './servers/broker-views.ts';
import { writeStoreModule } from './servers/write-store.ts';

/** Every store that is accounted for, with its side of the ledger. */
const accounts: Gather<Account> = {
  gather: ({ account }) => account && ((made) => ({ sink: account.sink, side: account.of(made) })),
};

export const auditNeeds = {
  folder: dataFolderModule,
  broker: brokerModule,
  notes: writeStoreModule,
  turns: logTurnsModule,
  accounts,
};

/** The modules that an audit reads where the process has them. */
export const auditUses = { spill: spillModule };

/** Makes the sources of an audit from what the modules made. */
export function auditSources(
  { config, registry }: Pick<ModuleContext, 'config' | 'registry'>,
  { folder, spill, ...given }: Given<typeof auditNeeds, typeof auditUses>,
): AuditSources {
  const { broker, notes, turns, accounts: all } = given;
  return {
    broker,
    noteGroup,
    notes,
    accounts: all,
    turns,
    liveSpills: () => spill?.inventory() ?? [],
    keptAside: () => keptAside(folder.dir, registry.folderStores),
    retentionHours: config.writer.retentionHours,
  };
}
