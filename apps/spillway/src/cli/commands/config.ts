import { type LoadedConfig, maskedConfig } from '@spillway/runtime';
import { Argument, Command } from 'commander';
import type { SpillwayConfig } from '../../config.ts';
import { givenMemory } from '../../memory/given-memory.ts';
import { limitsPage } from '../../memory/limits-page.ts';
import { planMemory } from '../../memory/plan-memory.ts';
import { type Context, configOf, print, printJson, table } from './context.ts';

interface ConfigOptions {
  json?: boolean;
  limits?: boolean;
}

export function configCommand(context: Context): Command {
  const { roles } = context.registry;
  return new Command('config')
    .description('print the effective configuration, secrets masked, and where it comes from')
    .addArgument(
      new Argument('[role...]', 'of --limits; all of them when none is named').choices(roles),
    )
    .option('--json', 'print JSON')
    .option('--limits', 'print every limit, and the memory that they add up to, as Markdown')
    .action((chosen: string[], { json, limits }: ConfigOptions, command: Command) => {
      const loaded = configOf(context, command);
      if (limits) return print(limitsOf(context, loaded, chosen.length ? chosen : roles));
      const values = maskedConfig(loaded);
      if (json) return printJson(values);
      const rows = loaded.leaves.map(({ key, env }) => [
        key,
        JSON.stringify(values[key]) ?? '',
        loaded.sources.get(key) ?? 'default',
        env,
      ]);
      print(table([['KEY', 'VALUE', 'FROM', 'ENVIRONMENT'], ...rows]));
    });
}

/** Of a process that `spillway up` starts; what Node itself was started with now does not count. */
function limitsOf(
  { registry }: Context,
  loaded: LoadedConfig<SpillwayConfig>,
  roles: readonly string[],
): string {
  const given = givenMemory(loaded.config.process.memoryBytes);
  const flags = { heapBytes: undefined, semiSpaceMebibytes: undefined };
  const plan = planMemory({ loaded, registry, roles, given, flags });
  return limitsPage({ loaded, registry, roles, plan });
}
