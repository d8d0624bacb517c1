/** Every module there is, and every section of the configuration: a new one is entered here. */
import { z } from 'zod';
import { Registry } from '../registry/registry.ts';
import { adminModule, adminSection } from './process/admin.ts';
import { controlModule } from './process/control.ts';
import { dataFolderModule, dataSection } from './process/data-folder.ts';
import { folderWatchModule } from './process/folder-watch.ts';
import { inFlightModule } from './process/in-flight.ts';
import { safetyModule } from './process/safety.ts';
import { spillModule } from './process/spill.ts';
import { topicsModule } from './process/topics.ts';
import { consoleModule, consoleSection } from './roles/console.ts';
import { gatewayModule, gatewaySection } from './roles/gateway.ts';
import { liveProjectorModule } from './roles/live-projector.ts';
import { projectorSection, searchProjectorModule } from './roles/search-projector.ts';
import { writerModule, writerSection } from './roles/writer.ts';
import { brokerModule, brokerSection } from './servers/broker.ts';
import { deadLettersModule, lagBoardModule, logTurnsModule } from './servers/broker-views.ts';
import { fleetModule, fleetSection } from './servers/fleet.ts';
import { liveStoreModule, liveStoreSection } from './servers/live-store.ts';
import { quotasModule } from './servers/quotas.ts';
import { searchStoreModule, searchStoreSection } from './servers/search-store.ts';
import { writeStoreModule, writeStoreSection } from './servers/write-store.ts';

/**
 * Every module there is. They start in the order of what they use and need; where that says
 * nothing, in this one, which is also the order of roles, sinks and groups wherever they are
 * listed.
 */
export const registry = new Registry([
  dataFolderModule,
  fleetModule,
  spillModule,
  brokerModule,
  lagBoardModule,
  logTurnsModule,
  deadLettersModule,
  writeStoreModule,
  searchStoreModule,
  liveStoreModule,
  safetyModule,
  topicsModule,
  folderWatchModule,
  inFlightModule,
  gatewayModule,
  writerModule,
  searchProjectorModule,
  liveProjectorModule,
  controlModule,
  consoleModule,
  adminModule,
  quotasModule,
]);

/** The sections of the configuration that modules declare, in the order in which they are shown. */
export const sections = {
  data: dataSection,
  gateway: gatewaySection,
  broker: brokerSection,
  store: z
    .object({ write: writeStoreSection, search: searchStoreSection, live: liveStoreSection })
    .prefault({}),
  fleet: fleetSection,
  writer: writerSection,
  projector: projectorSection,
  console: consoleSection,
  admin: adminSection,
};
