import { once } from 'node:events';
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Component, Health } from '@spillway/runtime';
import type { ModuleContext, Needs } from '../registry/module.ts';
import { makeSocketPlace, type SocketPlace } from './control-path.ts';
import type { OperationContext } from './operation.ts';
import { OperationError } from './operation-error.ts';
import { type Command, operations } from './operations.ts';

const bodyBytesMax = 1_048_576;
/** Commands at once; their descriptors are kept apart (`descriptors.ts`). */
const connectionsMax = 8;

export interface ControlServerOptions {
  /** The data folder. */
  dir: string;
  context: ModuleContext;
}

/**
 * Takes the commands of `spillway audit`, `lag` and so on in the process that owns the folder. A
 * Unix socket that only its owner may open, so no port and no key. Answers lines of JSON:
 * `{progress}` and `{items}` any number of times, then `{result}` or `{error, exitCode}`.
 */
export class ControlServer implements Component {
  readonly name = 'control';
  readonly #options: ControlServerOptions;
  readonly #abort = new AbortController();
  #server: Server | undefined;
  #place: SocketPlace | undefined;

  constructor(options: ControlServerOptions) {
    this.#options = options;
  }

  /** Path of the socket; empty before start. */
  get path(): string {
    return this.#place?.path ?? '';
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => void this.#answer(request, response));
    this.#server = server;
    server.maxConnections = connectionsMax;
    this.#place = makeSocketPlace(this.#options.dir);
    rmSync(this.path, { force: true }); // Left by a kill; the folder's lock says that we own it.
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.path, resolve);
    });
    chmodSync(this.path, 0o600);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    const server = this.#server;
    if (!server) return;
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    this.#place?.remove();
  }

  health(): Health {
    return { ok: this.#server?.listening === true, detail: this.path };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const write = (line: object): boolean => response.write(`${JSON.stringify(line)}\n`);
    const gone = new AbortController();
    response.on('close', () => gone.abort(new Error('whoever asked has gone')));
    try {
      const { command, options } = JSON.parse(await readBody(request)) as {
        command: Command;
        options: never;
      };
      const { signal } = gone;
      const answered = await this.#perform(command, options, {
        gone: signal,
        progress: (progress) => void write({ progress }),
        emit: async (items) => {
          if (!write({ items })) await once(response, 'drain', { signal });
        },
      });
      write({ result: answered ?? null });
    } catch (error) {
      const { message } = error as Error;
      const exitCode = error instanceof OperationError ? error.exitCode : undefined;
      write({ error: message, exitCode });
    }
    response.end();
  }

  async #perform(
    command: Command,
    options: never,
    { gone, progress, emit }: Answering,
  ): Promise<unknown> {
    const operation = Object.hasOwn(operations, command) ? operations[command] : undefined;
    if (!operation) throw new Error(`unknown command ${command}`);
    const { needs, uses = {} }: { needs: Needs; uses?: Needs } = operation;
    const { config, registry, process } = this.#options.context;
    const abort = this.#abort.signal;
    const ending = AbortSignal.any([abort, gone]);
    const context = { config, registry, abort, ending, progress, emit };
    return await operation.run(process.given(needs, uses), options, context);
  }
}

interface Answering extends Pick<OperationContext<unknown>, 'progress' | 'emit'> {
  gone: AbortSignal;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += (part as Buffer).length;
    if (bytes > bodyBytesMax) throw new Error(`a command of more than ${bodyBytesMax} bytes`);
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString('utf8');
}
