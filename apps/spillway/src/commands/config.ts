import { maskedConfig } from '@spillway/runtime';
import { Command } from 'commander';
import { type Context, configOf, print, printJson, table } from './context.ts';

export function configCommand(context: Context): Command {
  return new Command('config')
    .description('print the effective configuration, secrets masked, and where it comes from')
    .option('--json', 'print JSON')
    .action(({ json }: { json?: boolean }, command: Command) => {
      const loaded = configOf(context, command);
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
