import { KeyRing } from '@spillway/keys';
import { z } from 'zod';
import { AdminServer } from '../../process/admin-server.ts';
import { chain, late } from '../../process/components.ts';
import { defineModule } from '../../registry/module.ts';
import { consoleModule } from '../roles/console.ts';
import { consumers } from '../roles/consumer.ts';

export const adminSection = z
  .object({
    host: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe('Address on which probes and metrics are served, which contain no telemetry.'),
    port: z
      .number()
      .int()
      .min(0)
      .max(65_535)
      .default(8081)
      .describe('Port of /live, /ready and /metrics where no console runs; 0 takes a free one.'),
    keysFile: z
      .string()
      .default('')
      .describe(
        'File of hashed API keys; beyond loopback /metrics then wants one of the scope metrics. ' +
          'Empty: beyond loopback /metrics names no tenant and /ready no component.',
      ),
  })
  .prefault({});

/** Probes and metrics of a process without a console. */
export const adminModule = defineModule({
  name: 'admin',
  uses: { consumers },
  joins: ({ has }) => !has(consoleModule),
  create: (): { server?: AdminServer } => ({}),
  components: (made, { config, report, process }) => {
    const make = () => {
      const { host, port, keysFile } = config.admin;
      const keys = keysFile
        ? new KeyRing({ file: keysFile, configKey: 'admin.keysFile', report })
        : undefined;
      const connectionsMax = process.doors().console;
      const { metrics } = process;
      const health = () => process.health();
      made.server = new AdminServer({ host, port, connectionsMax, keys, metrics, health });
      return keys ? chain('admin', [keys, made.server]) : made.server;
    };
    return [late('admin', make)];
  },
  addresses: ({ server }) => ({ admin: server?.address ?? '' }),
  doors: ({ console }) => ({ console: console.connectionsMax }),
});
