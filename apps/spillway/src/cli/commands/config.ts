import { type LoadedConfig, maskedConfig } from '@spillway/runtime';
import { Argument, Command } from 'commander';
import type { SpillwayConfig } from '../../config.ts';
import { givenMemory } from '../../memory/given-memory.ts';
import { limitsPage } from '../../memory/limits-page.ts';
import { planMemory } from '../../memory/plan-memory.ts';
import { configurationPage } from '../../reference/configuration-page.ts';
import { settingHelp } from '../../reference/setting-help.ts';
import { type Context, configOf, print, table } from './context.ts';

interface ConfigOptions {
  json?: boolean;
  limits?: boolean;
  docs?: boolean;
  /** The setting to describe; true for the help of the command itself. */
  help?: string | true;
}

export function configCommand(context: Context): Command {
  const { roles } = context.registry;
  return new Command('config')
    .description('print the effective configuration, secrets masked, and where it comes from')
    .addArgument(new Argument('[role...]', 'roles for --limits (default: all)').choices(roles))
    .option('--json', 'print JSON')
    .option('--limits', 'print every limit, and the memory that they add up to, as Markdown')
    .option('--docs', 'print every setting with its description, as Markdown')
    .helpOption(false)
    .option('-h, --help [key]', 'describe one setting, such as gateway.httpPort, or this command')
    .action((chosen: string[], options: ConfigOptions, command: Command) =>
      print(answer(context, command, { ...options, roles: chosen.length ? chosen : roles })),
    );
}

function answer(
  context: Context,
  command: Command,
  { help, docs, limits, json, roles: chosen }: ConfigOptions & { roles: readonly string[] },
): string {
  if (help === true) return command.helpInformation().trimEnd();
  if (help !== undefined) return settingHelp(help);
  if (docs) return configurationPage();
  const loaded = configOf(context, command);
  if (limits) return limitsOf(context, loaded, chosen);
  const values = maskedConfig(loaded);
  if (json) return JSON.stringify(values, null, 2);
  const rows = loaded.leaves.map(({ key, env }) => [
    key,
    JSON.stringify(values[key]) ?? '',
    loaded.sources.get(key) ?? 'default',
    env,
  ]);
  return table([['KEY', 'VALUE', 'FROM', 'ENVIRONMENT'], ...rows]);
}

/**
 * Computes the limits of a process that `spillway up` starts; what Node itself was started with now
 * does not count.
 */
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
