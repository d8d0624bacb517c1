import { type DeadLetterFilter, resubmitPerSecond } from '@spillway/dead-letters';
import { signals } from '@spillway/otlp';
import { Command } from 'commander';
import { OperationError } from '../operation-error.ts';
import { type Context, perform, print, printJson, table } from './context.ts';

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
      const deadLetters = await perform(context, command, 'deadletters list', filterOf(rest));
      if (json) return printJson(deadLetters);
      const rows = deadLetters.map((deadLetter) => [
        deadLetter.id,
        new Date(deadLetter.deadSinceMs).toISOString(),
        deadLetter.group,
        deadLetter.tenant,
        `${deadLetter.records}`,
        deadLetter.code,
        deadLetter.reason,
      ]);
      print(table([['ID', 'SINCE', 'GROUP', 'TENANT', 'RECORDS', 'CODE', 'REASON'], ...rows]));
    });
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
      const resubmitted = await perform(context, command, 'deadletters resubmit', request);
      printJson({ resubmitted });
      const left = ids.filter((id) => !resubmitted.includes(id));
      if (left.length) throw new OperationError(`not resubmitted: ${left.join(', ')}; ${whyNot}`);
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
