import { Command } from 'commander';
import { type Context, perform, printJson } from './context.ts';

export function pauseCommand(context: Context): Command {
  return new Command('pause')
    .argument('<group>', groupsOf(context))
    .description('pause a consumer for maintenance of its store; the log keeps everything')
    .action(async (group: string, _options: object, command: Command) =>
      printJson(await perform(context, command, 'pause', { group })),
    );
}

/** Those whose consumer can wait. */
function groupsOf({ registry }: Context): string {
  return registry.sinks.map(({ group }) => group).join(', ');
}

export function resumeCommand(context: Context): Command {
  return new Command('resume')
    .argument('<group>', groupsOf(context))
    .description('resume a paused consumer')
    .action(async (group: string, _options: object, command: Command) =>
      printJson(await perform(context, command, 'resume', { group })),
    );
}
