import { Command } from 'commander';
import { type Context, perform, printJson } from './context.ts';

export function rebuildCommand(context: Context): Command {
  return new Command('rebuild')
    .description('rebuild a read store')
    .addCommand(
      new Command('search')
        .description('from the write store, beside the one in use, then switch over')
        .action(async (_options: object, command: Command) =>
          printJson(await perform(context, command, 'rebuild search', {})),
        ),
    )
    .addCommand(
      new Command('live')
        .description('from the log, as far back as the roll-ups reach')
        .action(async (_options: object, command: Command) =>
          printJson(await perform(context, command, 'rebuild live', {})),
        ),
    );
}
