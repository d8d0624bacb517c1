import { Command } from 'commander';
import { type Context, perform, printJson } from './context.ts';

export function pauseCommand(context: Context): Command {
  return new Command('pause')
    .argument('<group>', 'writer, search or live')
    .description('pause a consumer for maintenance of its store; the log keeps everything')
    .action(async (group: string, _options: object, command: Command) =>
      printJson(await perform(context, command, 'pause', { group })),
    );
}

export function resumeCommand(context: Context): Command {
  return new Command('resume')
    .argument('<group>', 'writer, search or live')
    .description('resume a paused consumer')
    .action(async (group: string, _options: object, command: Command) =>
      printJson(await perform(context, command, 'resume', { group })),
    );
}
