import {
  checkGatewayConfig,
  createGateway,
  type Gateway,
  gatewayBudget,
  gatewayLeast,
  gatewayLimits,
  gatewaySection,
  topicsName,
} from '@spillway/gateway';
import type { SpillwayConfig } from '../../config.ts';
import { late } from '../../process/components.ts';
import { placeName } from '../../process/fleet.ts';
import { defineModule } from '../../registry/module.ts';
import { adminModule } from '../process/admin.ts';
import { controlModule } from '../process/control.ts';
import { dataFolderModule } from '../process/data-folder.ts';
import { hasSpill, spillModule } from '../process/spill.ts';
import { topicsModule } from '../process/topics.ts';
import { brokerModule, hasOwnLog, messageBytesMax } from '../servers/broker.ts';
import { fleetModule } from '../servers/fleet.ts';
import { quotasModule } from '../servers/quotas.ts';
import { consoleModule } from './console.ts';
import { consumers } from './consumer.ts';

export { gatewaySection };

/** The name is unique in the fleet; starts of the owner of a folder differ by their epoch. */
function processName(config: SpillwayConfig): string {
  return config.gateway.name || (hasOwnLog(config) ? 'gw-1' : placeName());
}

/** OTLP in, durable messages out: its doors open when everything behind them works. */
export const gatewayModule = defineModule({
  name: 'gateway',
  role: { name: 'gateway', worksOnDataFolder: true, processName },
  needs: {
    folder: dataFolderModule,
    fleet: fleetModule,
    spill: spillModule,
    broker: brokerModule,
    topics: topicsModule,
    quotas: quotasModule,
  },
  uses: { consumers, control: controlModule, console: consoleModule, admin: adminModule },
  create: (): { gateway?: Gateway } => ({}),
  components: (made, { config, report, process, target }, given) => {
    const { broker, folder, quotas, spill, fleet: dependencies } = given;
    const make = () => {
      const epoch = target.ownsFolder ? folder.nextEpoch(Date.now()) : Date.now();
      const { name } = process.self;
      made.gateway = createGateway({
        config: { ...config.gateway, connectionsMax: process.doors().http },
        broker,
        ...(quotas && { quotas }),
        name,
        epoch,
        spill: spill.spill,
        dependencies,
        messageBytesMax: messageBytesMax(config),
        report,
      });
      spill.serves({ gateway: made.gateway, name, epoch });
      return made.gateway;
    };
    return [late('gateway', make)];
  },
  /** It knows from its spill what it has to know of the broker, after its first start. */
  startsWithout: async (_made, { spill }) =>
    (await spill.spill?.readValue(topicsName)) !== undefined,
  publishes: true,
  check: (config) => checkGatewayConfig(config.gateway),
  addresses: ({ gateway }, { gateway: { certFile } }) => {
    const { http, grpc = '' } = gateway?.addresses ?? {};
    return { otlpHttp: http ? `${certFile ? 'https' : 'http'}://${http}` : '', otlpGrpc: grpc };
  },
  doors: ({ gateway: { connectionsMax } }) => ({ http: connectionsMax, grpc: connectionsMax }),
  budget: (config, target) => gatewayBudget(config.gateway, { hasSpill: hasSpill(config, target) }),
  least: gatewayLeast,
  limits: gatewayLimits,
});
