import { existsSync } from 'node:fs';
import { type LoadedConfig, loadConfig, printable, printableLine } from '@spillway/runtime';
import type { Command as CommanderCommand } from 'commander';
import { type SpillwayConfig, spillwaySchema } from '../../config.ts';
import { DataFolderError } from '../../folder/data-folder.ts';
import { type Adapters, createParts, type Parts } from '../../parts.ts';
import { isEmbedded } from '../../roles.ts';
import { askRunning } from '../control-client.ts';
import { findSocket } from '../control-path.ts';
import { OperationError } from '../operation-error.ts';
import { type Command, operations, type Requests, resourcesOfCommand } from '../operations.ts';

export interface Context {
  /** Configuration keys of the command line. */
  flags: Readonly<Record<string, string | boolean>>;
  env: Readonly<Record<string, string | undefined>>;
  adapters: Adapters;
}

interface GlobalOptions {
  config?: string;
  data?: string;
  unsafeAllow?: string[];
  memory?: string;
}

export function configOf(
  context: Context,
  command: CommanderCommand,
): LoadedConfig<SpillwayConfig> {
  const { config: file, data, unsafeAllow, memory } = command.optsWithGlobals<GlobalOptions>();
  const flags = {
    ...context.flags,
    ...(data !== undefined && { 'data.dir': data }),
    ...(memory !== undefined && { 'process.memoryBytes': parseBytes(memory) }),
    ...(unsafeAllow !== undefined && { unsafeAllow: unsafeAllow.join(',') }),
  };
  return loadConfig(spillwaySchema, { file, env: context.env, flags });
}

/**
 * Asks the process that owns the data folder; without one, opens the folder, or connects to the
 * servers, and does the work itself.
 */
export async function perform<C extends Command>(
  context: Context,
  command: CommanderCommand,
  name: C,
  options: Requests[C]['options'],
): Promise<Requests[C]['result']> {
  const { config } = configOf(context, command);
  const parts = await createParts(config, context.adapters, () => undefined);
  const { folder } = parts;
  const hasFolder = existsSync(folder.dir);
  if (!hasFolder && usesFolder(config, name)) {
    throw new DataFolderError(`no data folder at ${folder.dir}: \`spillway up\` makes it`);
  }
  if (!hasFolder) return performAlone(parts, name, options);
  const socket = findSocket(folder);
  const ask = { command: name, options, onProgress: progress };
  const answer = socket === undefined ? undefined : await askRunning({ ...ask, socket });
  return answer ? answer.result : performAlone(parts, name, options);
}

async function performAlone<C extends Command>(
  parts: Parts,
  name: C,
  options: Requests[C]['options'],
): Promise<Requests[C]['result']> {
  const { config, folder, search, ...rest } = parts;
  if (usesFolder(config, name)) folder.open();
  const of = { ...rest, search: search.store };
  const opened = resourcesOfCommand[name].map((resource) => of[resource]);
  try {
    for (const part of opened) await part.start();
    const context = { abort: new AbortController().signal, progress };
    return await operations[name](parts, options, context);
  } finally {
    for (const part of opened.reverse()) await part.stop();
  }
}

function usesFolder(config: SpillwayConfig, name: Command): boolean {
  return resourcesOfCommand[name].some((resource) => isEmbedded(config, resource));
}

/** On standard error, over itself on a terminal. */
function progress(line: string): void {
  const shown = printableLine(line);
  process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${shown}` : `${shown}\n`);
}

/** What a terminal would obey is shown, not sent to it. */
export function print(text: string): void {
  process.stdout.write(`${printable(text)}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** `2026-11-23T09:00:00Z`, ms since the epoch, or an age such as `90m`, `24h`, `7d`. */
export function parseTime(text: string, nowMs: number): number {
  const age = /^(\d{1,12}(?:\.\d{1,9})?)(s|m|h|d)$/.exec(text);
  const ms = age
    ? nowMs - Number(age[1]) * (unitMs[age[2] as string] as number)
    : /^\d{1,15}$/.test(text)
      ? Number(text)
      : Date.parse(/^\d{4}-/.test(text) ? text : '');
  if (ms >= 0 && ms < endMs) return ms;
  throw new OperationError(
    '--since: wanted an ISO time, ms since the epoch or an age such as 24h, ' +
      `from 1970 to 2199, got ${text.slice(0, 100)}`,
  );
}

const endMs = Date.UTC(2200, 0, 1);

const unitMs: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `512M`, `2G`, `900K` or bytes; what is none of them is left for the check of the configuration. */
export function parseBytes(text: string): string {
  const [, number, unit = ''] = /^(\d+)([KMG]?)(?:i?B)?$/i.exec(text) ?? [];
  if (number === undefined) return text;
  return String(Number(number) * 1_024 ** ['', 'K', 'M', 'G'].indexOf(unit.toUpperCase()));
}

/** Columns as wide as their widest cell. */
export function table(texts: readonly (readonly string[])[]): string {
  const rows = texts.map((row) => row.map(printableLine));
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length);
    });
  }
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
