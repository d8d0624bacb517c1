import { ControlServer } from '../../cli/control-server.ts';
import { defineModule } from '../../registry/module.ts';
import { consumers } from '../roles/consumer.ts';
import { dataFolderModule } from './data-folder.ts';

/** Takes the commands of `spillway audit` and so on, behind the consumers that they are about. */
export const controlModule = defineModule({
  name: 'control',
  needs: { folder: dataFolderModule },
  uses: { consumers },
  joins: ({ ownsFolder }) => ownsFolder,
  create: (context, { folder: { dir } }) => new ControlServer({ dir, context }),
  components: (control) => [control],
});
