import { Command } from 'commander';
import { type Context, perform, print, printJson, table } from './context.ts';

export function lagCommand(context: Context): Command {
  return new Command('lag')
    .description('how far each consumer group is behind, by topic and partition')
    .option('--group <name>', 'only this group')
    .option('--json', 'print JSON')
    .action(async ({ json, group }: { json?: boolean; group?: string }, command: Command) => {
      const lags = await perform(context, command, 'lag', group === undefined ? {} : { group });
      if (json) return printJson(lags);
      const shown = (value: number | null): string => (value === null ? 'unknown' : `${value}`);
      const rows = lags.map((lag) => [
        lag.group,
        lag.topic,
        `${lag.partition}`,
        shown(lag.messages),
        shown(lag.seconds),
        `${lag.expired}`,
      ]);
      print(table([['GROUP', 'TOPIC', 'PARTITION', 'MESSAGES', 'SECONDS', 'EXPIRED'], ...rows]));
    });
}
