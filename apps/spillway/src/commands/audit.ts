import { renderLedger } from '@spillway/store';
import { Command } from 'commander';
import { type Context, parseTime, perform, print, printJson } from './context.ts';

interface Options {
  json?: boolean;
  since?: string;
  tenant?: string;
}

export function auditCommand(context: Context): Command {
  return new Command('audit')
    .description('account for every accepted record; exits 1 when any is unaccounted')
    .option('--since <time>', 'ISO time, ms since the epoch, or an age such as 24h (default: all)')
    .option('--tenant <name>', 'only this tenant')
    .option('--json', 'print JSON')
    .action(async ({ json, since, tenant }: Options, command: Command) => {
      const report = await perform(context, command, 'audit', {
        ...(since !== undefined && { sinceMs: parseTime(since, Date.now()) }),
        ...(tenant !== undefined && { tenant }),
      });
      if (json) printJson(report);
      else print(renderLedger(report));
      if (report.totals.unaccounted !== 0) process.exitCode = 1;
    });
}
