import { existsSync } from 'node:fs';
import { type LoadedConfig, loadConfig, printable, printableLine, Stack } from '@spillway/runtime';
import type { Command as CommanderCommand } from 'commander';
import { type SpillwayConfig, spillwaySchema } from '../../config.ts';
import { DataFolder, DataFolderError } from '../../folder/data-folder.ts';
import { Assembly } from '../../registry/assembly.ts';
import type { ModuleContext, Needs } from '../../registry/module.ts';
import type { Registry } from '../../registry/registry.ts';
import { askRunning } from '../control-client.ts';
import { findSocket } from '../control-path.ts';
import { OperationError } from '../operation-error.ts';
import { type Command, type ItemOf, operations, type Requests } from '../operations.ts';

export interface Context {
  /** Configuration keys of the command line. */
  flags: Readonly<Record<string, string | boolean>>;
  env: Readonly<Record<string, string | undefined>>;
  registry: Registry;
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
  onItems: (items: readonly ItemOf<C>[]) => void = () => {},
): Promise<Requests[C]['result']> {
  const { registry } = context;
  const { config } = configOf(context, command);
  const folder = new DataFolder(config.data.dir);
  const hasFolder = existsSync(folder.dir);
  const target = registry.targetOf(operations[name].needs);
  const usesFolder = target.placements(config).some(({ isEmbedded }) => isEmbedded);
  if (!hasFolder && usesFolder) {
    throw new DataFolderError(`no data folder at ${folder.dir}: \`spillway up\` makes it`);
  }
  const socket = hasFolder ? findSocket(folder) : undefined;
  const ask = { command: name, options, onProgress: progress, onItems };
  const answer = socket === undefined ? undefined : await askRunning({ ...ask, socket });
  if (answer) return answer.result;
  if (usesFolder) folder.open();
  const made = { config, registry, target, report: () => undefined };
  return performAlone(name, options, { made, onItems });
}

interface Alone<C extends Command> {
  made: Omit<ModuleContext, 'process'>;
  onItems: (items: readonly ItemOf<C>[]) => void;
}

/** On what is started for it, and stopped after it. */
async function performAlone<C extends Command>(
  name: C,
  options: Requests[C]['options'],
  { made, onItems }: Alone<C>,
): Promise<Requests[C]['result']> {
  const operation = operations[name];
  const assembly = await Assembly.make({
    ...made,
    get process(): never {
      throw new Error('a command is no process');
    },
  });
  const stack = new Stack(assembly.components());
  try {
    await stack.start();
    const abort = new AbortController().signal;
    const { needs, uses = {} }: { needs: Needs; uses?: Needs } = operation;
    const emit = async (items: readonly ItemOf<C>[]): Promise<void> => onItems(items);
    const handed = { ...made, abort, ending: abort, progress, emit };
    return await operation.run(assembly.given(needs, uses), options, handed);
  } finally {
    await stack.stop();
  }
}

/** On standard error, over itself on a terminal. */
function progress(line: string): void {
  const shown = printableLine(line);
  process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${shown}` : `${shown}\n`);
}

/** Prints a text; control characters that a terminal would obey are shown as text. */
export function print(text: string): void {
  process.stdout.write(`${printable(text)}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** Prints a JSON array of any length as its items come. */
export class JsonArray {
  readonly #opening: string;
  readonly #closing: string;
  #isEmpty = true;

  /** @param name of the member that it is, in an object of nothing else */
  constructor(name?: string) {
    this.#opening = name === undefined ? '[' : `{${JSON.stringify(name)}: [`;
    this.#closing = name === undefined ? ']' : ']}';
  }

  add(items: readonly unknown[]): void {
    for (const item of items) {
      print(`${this.#isEmpty ? this.#opening : ','}\n${JSON.stringify(item, null, 2)}`);
      this.#isEmpty = false;
    }
  }

  end(): void {
    print(this.#isEmpty ? this.#opening + this.#closing : this.#closing);
  }
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

/**
 * `512M`, `2G`, `900K` or bytes; what is none of them is left for the check of the configuration.
 */
function parseBytes(text: string): string {
  const [, number, unit = ''] = /^(\d+)([KMG]?)(?:i?B)?$/i.exec(text) ?? [];
  if (number === undefined) return text;
  return String(Number(number) * 1_024 ** ['', 'K', 'M', 'G'].indexOf(unit.toUpperCase()));
}

/**
 * Columns as wide as their widest cell.
 * @param widths of what stands above it, which it goes on with and makes wider
 */
export function table(texts: readonly (readonly string[])[], widths: number[] = []): string {
  const rows = texts.map((row) => row.map(printableLine));
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
