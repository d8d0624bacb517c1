import { type DeadLetter, type DeadLetterFilter, resubmitPerSecond } from '@spillway/dead-letters';
import { signals } from '@spillway/otlp';
import { Command } from 'commander';
import { OperationError } from '../operation-error.ts';
import { type Context, JsonArray, perform, print, printJson, table } from './context.ts';

export function deadLettersCommand(context: Context): Command {
  return new Command('deadletters')
    .description('list, show and resubmit what no store could take')
    .addCommand(listCommand(context))
    .addCommand(showCommand(context))
    .addCommand(resubmitCommand(context));
}

function listCommand(context: Context): Command {
  return filtered(new Command('list'))
    .description('list the dead letters, oldest first')
    .option('--all', 'those already resubmitted, too')
    .option('--json', 'print JSON')
    .action(async (options: DeadLetterFilter & { json?: boolean }, command: Command) => {
      const { json, ...rest } = options;
      const list = (onItems: (items: readonly DeadLetter[]) => void) =>
        perform(context, command, 'deadletters list', filterOf(rest), onItems);
      if (json) {
        const printed = new JsonArray();
        await list((items) => printed.add(items));
        return printed.end();
      }
      const widths: number[] = [];
      print(table([['ID', 'SINCE', 'GROUP', 'TENANT', 'RECORDS', 'CODE', 'REASON']], widths));
      await list((items) => print(table(items.map(cellsOf), widths)));
    });
}

function cellsOf(deadLetter: DeadLetter): string[] {
  const { id, deadSinceMs, group, tenant, records, code, reason } = deadLetter;
  return [id, new Date(deadSinceMs).toISOString(), group, tenant, `${records}`, code, reason];
}

function showCommand(context: Context): Command {
  return new Command('show')
    .argument('<id>', 'as `deadletters list` prints it')
    .description('print one dead letter: why, and its records as OTLP/JSON')
    .action(async (id: string, _options: object, command: Command) => {
      const found = await perform(context, command, 'deadletters show', { id });
      if (!found) throw new OperationError(`there is no dead letter ${id}`);
      const { deadLetter, bodyBytes } = found;
      const kept = parsed(found.body) || `too many to be shown: ${bodyBytes} bytes`;
      const body = deadLetter.hasBody ? kept : 'not kept: the records were too large';
      printJson({ ...deadLetter, body });
    });
}

function resubmitCommand(context: Context): Command {
  return filtered(new Command('resubmit'))
    .argument('[ids...]', 'as `deadletters list` prints them; none: all that the options choose')
    .description('send dead letters back to the group that refused them')
    .option('--rate <dead letters>', 'dead letters a second, at most', String(resubmitPerSecond))
    .action(async (ids: string[], options: DeadLetterFilter & { rate: string }, command) => {
      const { rate, ...rest } = options;
      const ratePerSecond = Number(rate);
      if (!(ratePerSecond > 0 && ratePerSecond <= rateMax)) {
        throw new OperationError(
          `--rate: wanted a number above 0, at most ${rateMax}, got ${rate}`,
        );
      }
      const chosen = ids.length ? { ids } : {};
      const request = { ...filterOf(rest), ...chosen, ratePerSecond };
      const printed = new JsonArray('resubmitted');
      const left = new Set(ids);
      await perform(context, command, 'deadletters resubmit', request, (resubmitted) => {
        printed.add(resubmitted);
        for (const id of resubmitted) left.delete(id);
      });
      printed.end();
      if (left.size) {
        throw new OperationError(`not resubmitted: ${[...left].join(', ')}; ${whyNot}`);
      }
    });
}

/** Dead letters a second. */
const rateMax = 10_000;

const whyNot = 'each is unknown, gone, kept without its records, or was resubmitted before';

function filtered(command: Command): Command {
  return command
    .option('--tenant <name>', 'only this tenant')
    .option('--group <name>', 'only what this group refused')
    .option('--code <code>', 'only this reason')
    .option('--signal <signal>', 'traces, metrics or logs');
}

function filterOf({ tenant, group, code, signal, all }: DeadLetterFilter): DeadLetterFilter {
  if (signal !== undefined && !signals.includes(signal)) {
    throw new OperationError(`--signal: wanted ${signals.join(', ')}, got ${signal}`);
  }
  return { tenant, group, code, signal, all };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
