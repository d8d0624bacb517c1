import { z } from 'zod';
import { DataFolder } from '../../folder/data-folder.ts';
import { FolderLock } from '../../folder/folder-lock.ts';
import { defineModule } from '../../registry/module.ts';

export const dataSection = z
  .object({
    dir: z
      .string()
      .min(1)
      .default('./data')
      .describe('Folder of everything that is kept; --data is short for it.'),
  })
  .prefault({});

/** The data folder, kept from other processes by the one that owns it. */
export const dataFolderModule = defineModule({
  name: 'data-folder',
  create: ({ config }) => new DataFolder(config.data.dir),
  components: ({ dir }, { target }) => (target.ownsFolder ? [new FolderLock(dir)] : []),
});
