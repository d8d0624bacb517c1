import { CrashRecord } from '@spillway/consumer';
import { CrashRecordFile } from '../../folder/crash-record-file.ts';
import { defineModule } from '../../registry/module.ts';
import { dataFolderModule } from './data-folder.ts';

/** Keeps for the next start what consumers have in flight. */
export const inFlightModule = defineModule({
  name: 'in-flight',
  needs: { folder: dataFolderModule },
  create: ({ report }) => new CrashRecord({ report }),
  components: (crashRecord, { target }, { folder: { dir } }) => {
    const groups = target.consumers.map(({ sink }) => sink.group);
    const kind = target.ownsFolder ? undefined : groups.join('+');
    return [new CrashRecordFile({ crashRecord, dir, kind })];
  },
});
