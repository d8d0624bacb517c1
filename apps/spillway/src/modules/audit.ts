/** What the ledger is read from: by the console, and by `spillway audit`. */
import { noteGroup } from '@spillway/writer';
import type { AuditSources } from '../audit/audit-sources.ts';
import { keptAside } from '../folder/set-aside-notes.ts';
import type { Given, ModuleContext } from '../registry/module.ts';
import { accounts } from './accounts.ts';
import { brokerModule } from './broker.ts';
import { deadLettersModule } from './broker-views.ts';
import { dataFolderModule } from './data-folder.ts';
import { spillModule } from './spill.ts';
import { writeStoreModule } from './write-store.ts';

export const auditNeeds = {
  folder: dataFolderModule,
  broker: brokerModule,
  notes: writeStoreModule,
  deadLetters: deadLettersModule,
  accounts,
};

export const auditUses = { spill: spillModule };

export function auditSources(
  { config, registry }: Pick<ModuleContext, 'config' | 'registry'>,
  { folder, spill, ...given }: Given<typeof auditNeeds, typeof auditUses>,
): AuditSources {
  const { broker, notes, deadLetters, accounts: all } = given;
  return {
    broker,
    noteGroup,
    notes,
    accounts: all,
    deadLetters,
    liveSpills: () => spill?.told() ?? [],
    keptAside: () => keptAside(folder.dir, registry.folderStores),
    retentionHours: config.writer.retentionHours,
  };
}
