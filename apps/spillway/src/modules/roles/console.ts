import {
  type Console,
  checkConsoleConfig,
  consoleBudget,
  consoleLeast,
  consoleLimits,
  consoleSection,
  createConsole,
  questionsAtOnce,
} from '@spillway/console';
import { KeyRing } from '@spillway/keys';
import { auditLedger } from '../../audit/audit-ledger.ts';
import { chain, late } from '../../process/components.ts';
import { readFleet } from '../../process/fleet.ts';
import { defineModule } from '../../registry/module.ts';
import { auditNeeds, auditSources, auditUses } from '../audit.ts';
import { controlModule } from '../process/control.ts';
import { topicsModule } from '../process/topics.ts';
import { deadLettersModule, lagBoardModule } from '../servers/broker-views.ts';
import { fleetModule } from '../servers/fleet.ts';
import { liveStoreModule } from '../servers/live-store.ts';
import { searchStoreModule } from '../servers/search-store.ts';
import { consumers } from './consumer.ts';

export { consoleSection };

/** The query API and the page. */
export const consoleModule = defineModule({
  name: 'console',
  role: { name: 'console', worksOnDataFolder: true },
  needs: {
    ...auditNeeds,
    deadLetters: deadLettersModule,
    lagBoard: lagBoardModule,
    search: searchStoreModule,
    live: liveStoreModule,
    fleet: fleetModule,
    topics: topicsModule,
  },
  uses: { ...auditUses, consumers, control: controlModule },
  create: (): { page?: Console } => ({}),
  components: (made, context, given) => {
    const { config, report, registry, process } = context;
    const { lagBoard, search, live, fleet, deadLetters } = given;
    const make = () => {
      const { keysFile } = config.console;
      const keys = keysFile
        ? new KeyRing({ file: keysFile, configKey: 'console.keysFile', report })
        : undefined;
      const page = createConsole({
        config: { ...config.console, connectionsMax: process.doors().console },
        lagBoard,
        search: search.store,
        live,
        sinks: registry.sinks,
        keys,
        deadLetters,
        // Where the folders lie is the operator's business, not a tenant's.
        ledger: async ({ since, tenant, ending }) => {
          const { ledgerBytesMax: bytesMax } = config.console;
          const options = { sinceMs: since, tenant, ending, bytesMax };
          return { ...(await auditLedger(auditSources(context, given), options)), keptAside: [] };
        },
        admin: {
          ready: () => {
            const components = process.health();
            return { ok: components.every(({ ok }) => ok), components };
          },
          metrics: (options) => process.metrics.text(options),
          fleet: () => readFleet(fleet, process.self, config.fleet.reportersMin),
        },
        clock: Date.now,
        report,
      });
      made.page = page;
      return keys ? chain('console', [keys, page]) : page;
    };
    return [late('console', make)];
  },
  questions: questionsAtOnce,
  check: (config) => checkConsoleConfig(config.console),
  addresses: ({ page }) => ({ console: page?.address ?? '' }),
  doors: ({ console }) => ({ console: console.connectionsMax }),
  budget: (config) => consoleBudget(config.console),
  least: consoleLeast,
  limits: consoleLimits,
});
