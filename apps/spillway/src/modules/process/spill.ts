import type { SpillwayConfig } from '../../config.ts';
import { SpillFolder } from '../../folder/spill-folder.ts';
import { defineModule } from '../../registry/module.ts';
import type { Target } from '../../registry/target.ts';
import { dataFolderModule } from './data-folder.ts';

/**
 * Whether a process has a spill: where `gateway.spill.dir` is set, or in the data folder that it
 * owns.
 */
export function hasSpill({ gateway }: SpillwayConfig, { ownsFolder }: Target): boolean {
  return gateway.spill.dir !== '' || ownsFolder;
}

/** Keeps what the broker does not take now, on the gateway's own disk. */
export const spillModule = defineModule({
  name: 'spill',
  needs: { folder: dataFolderModule },
  create: () => new SpillFolder(),
  components: (spill, { config, target, report, process }, { folder }) => {
    if (!hasSpill(config, target)) return [];
    const { dir, bytesMax } = config.gateway.spill;
    const place = dir || folder.path('spill');
    return [spill.component({ dir: place, gateway: process.self.name, bytesMax, report })];
  },
  files: () => 12,
});
