import { Stack } from '@spillway/runtime';
import { spillwaySchema } from '../../src/config.ts';
import { registry } from '../../src/modules/index.ts';
import { dataFolderModule } from '../../src/modules/process/data-folder.ts';
import { HostProcess } from '../../src/process/host-process.ts';
import { ThisProcess } from '../../src/process/this-process.ts';
import { Assembly } from '../../src/registry/assembly.ts';
import type { ModuleContext, Needs } from '../../src/registry/module.ts';

export interface MadeParts {
  assembly: Assembly;
  context: ModuleContext;
  /** Of all of them, and what they need. */
  stack: Stack;
}

/** Some modules on a data folder, as a process or a command has them; not started. */
export async function make(dir: string, needs: Needs): Promise<MadeParts> {
  const config = spillwaySchema.parse({ data: { dir }, gateway: {}, log: {} });
  const target = registry.targetOf(needs);
  const process = new HostProcess(new ThisProcess(config, target));
  const context = { config, registry, target, process, report: () => {} };
  const assembly = await Assembly.make(context);
  assembly.get(dataFolderModule)?.open();
  const stack = new Stack(assembly.components());
  process.assembled(assembly, stack);
  return { assembly, context, stack };
}
