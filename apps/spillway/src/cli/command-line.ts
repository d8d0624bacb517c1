import { safetyNames } from '@spillway/broker';
import { EnvironmentError } from '@spillway/journal';
import { ConfigError, printable } from '@spillway/runtime';
import { Command, CommanderError } from 'commander';
import { DataFolderError } from '../folder/data-folder.ts';
import { MemoryError } from '../memory/memory-error.ts';
import { UnsafeError } from '../process/safety.ts';
import type { Registry } from '../registry/registry.ts';
import { splitArguments } from './arguments.ts';
import { auditCommand } from './commands/audit.ts';
import { configCommand } from './commands/config.ts';
import type { Context } from './commands/context.ts';
import { deadLettersCommand } from './commands/dead-letters.ts';
import { keysCommand } from './commands/keys.ts';
import { lagCommand } from './commands/lag.ts';
import { pauseCommand, resumeCommand } from './commands/pause.ts';
import { rebuildCommand } from './commands/rebuild.ts';
import { sendCommand } from './commands/send.ts';
import { upCommand } from './commands/up.ts';
import { exitCodes } from './exit-codes.ts';
import { OperationError } from './operation-error.ts';

/** Runs one command and sets the exit code of the process, one of `exitCodes`. */
export async function runCommandLine(words: readonly string[], registry: Registry): Promise<void> {
  const { flags, rest } = splitArguments(words);
  const context: Context = { flags, registry, env: process.env };
  const program = new Command('spillway')
    .description('The telemetry pipeline that does not lose what it acknowledged.')
    .option('--config <file>', 'YAML configuration')
    .option('--data <dir>', 'data folder, short for --data.dir (default: ./data)')
    .option('--memory <size>', 'memory of the process, e.g. 512M, short for --process.memoryBytes')
    .option('--unsafe-allow <name>', allowHelp, (name, before: string[] = []) => [...before, name])
    .addHelpText('after', helpAfter)
    .enablePositionalOptions(false)
    .exitOverride();
  const commands = [
    upCommand(context),
    sendCommand(),
    auditCommand(context),
    lagCommand(context),
    deadLettersCommand(context),
    rebuildCommand(context),
    pauseCommand(context),
    resumeCommand(context),
    configCommand(context),
    keysCommand(),
  ];
  for (const command of commands) {
    program.addCommand(command);
    inherit(program, command);
  }
  try {
    await program.parseAsync([...rest], { from: 'user' });
  } catch (error) {
    process.exitCode = exitCodeOf(error);
  }
}

/** Commands that are added, not made, by their parent do not have its settings by themselves. */
function inherit(parent: Command, command: Command): void {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(command, child);
}

const allowHelp = `start although this check fails: ${safetyNames.join(', ')} (repeatable)`;

const helpAfter = `
Any configuration key can be given as --section.key value, as SPILLWAY_SECTION_KEY in the
environment, or in the file of --config. \`spillway config\` lists them all.`;

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError)
    return error.exitCode ? exitCodes.failed.code : exitCodes.ok.code;
  process.stderr.write(`spillway: ${printable(explanationOf(error))}\n`);
  return (error instanceof OperationError ? error.exitCode : undefined) ?? exitCodes.failed.code;
}

function explanationOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof EnvironmentError) {
    return `${error.message} Nothing was set aside or removed: correct that and start again.`;
  }
  if (code === 'EADDRINUSE') return `${error.message}. Another process has the port.`;
  const expected = [ConfigError, MemoryError, UnsafeError, DataFolderError, OperationError].some(
    (type) => error instanceof type,
  );
  if (expected || code !== undefined) return error.message;
  return error.stack ?? error.message;
}
