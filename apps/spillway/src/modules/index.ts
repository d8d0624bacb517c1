/** Every module there is, and every section of the configuration: a new one is entered here. */
import { z } from 'zod';
import { Registry } from '../registry/registry.ts';
import { adminModule, adminSection } from './admin.ts';
import { brokerModule, brokerSection } from './broker.ts';
import { deadLettersModule, lagBoardModule } from './broker-views.ts';
import { consoleModule, consoleSection } from './console.ts';
import { controlModule } from './control.ts';
import { dataFolderModule, dataSection } from './data-folder.ts';
import { fleetModule, fleetSection } from './fleet.ts';
import { folderWatchModule } from './folder-watch.ts';
import { gatewayModule, gatewaySection } from './gateway.ts';
import { inFlightModule } from './in-flight.ts';
import { liveProjectorModule } from './live-projector.ts';
import { liveStoreModule, liveStoreSection } from './live-store.ts';
import { quotasModule } from './quotas.ts';
import { safetyModule } from './safety.ts';
import { projectorSection, searchProjectorModule } from './search-projector.ts';
import { searchStoreModule, searchStoreSection } from './search-store.ts';
import { spillModule } from './spill.ts';
import { topicsModule } from './topics.ts';
import { writeStoreModule, writeStoreSection } from './write-store.ts';
import { writerModule, writerSection } from './writer.ts';

/**
 * They start in the order of what they use and need; where that says nothing, in this one, which is
 * also the order of roles, sinks and groups wherever they are listed.
 */
export const registry = new Registry([
  dataFolderModule,
  fleetModule,
  spillModule,
  brokerModule,
  lagBoardModule,
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

/** In the order in which they are shown. */
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
