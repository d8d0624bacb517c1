import { createHash } from 'node:crypto';
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Component, Health } from '@spillway/runtime';
import { OperationError } from './operation-error.ts';
import { type Command, operations } from './operations.ts';
import type { Parts } from './parts.ts';

const bodyBytesMax = 1_048_576;
/** `sun_path` holds 108 bytes on Linux and 104 on macOS. */
const socketPathMax = 100;

/** Beside the data, or in the temporary folder where that path is too long for a socket. */
export function controlPath(dataDir: string): string {
  const inside = join(dataDir, 'control.sock');
  if (Buffer.byteLength(inside) <= socketPathMax) return inside;
  const digest = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  return join(tmpdir(), `spillway-${digest}.sock`);
}

/**
 * Takes the commands of `spillway audit`, `lag` and so on in the process that owns the folder. A
 * Unix socket that only its owner may open, so no port and no key. Answers lines of JSON:
 * `{progress}` any number of times, then `{result}` or `{error, exitCode}`.
 */
export class ControlServer implements Component {
  readonly name = 'control';
  readonly path: string;
  readonly #parts: Parts;
  readonly #abort = new AbortController();
  #server: Server | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.path = controlPath(parts.folder.dir);
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => void this.#answer(request, response));
    this.#server = server;
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
  }

  health(): Health {
    return { ok: this.#server?.listening === true, detail: this.path };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const write = (line: object): void => void response.write(`${JSON.stringify(line)}\n`);
    try {
      const { command, options } = JSON.parse(await readBody(request)) as {
        command: Command;
        options: never;
      };
      const operation = Object.hasOwn(operations, command) ? operations[command] : undefined;
      if (!operation) throw new Error(`unknown command ${command}`);
      const progress = (text: string): void => write({ progress: text });
      const context = { signal: this.#abort.signal, progress };
      write({ result: (await operation(this.#parts, options, context)) ?? null });
    } catch (error) {
      const { message } = error as Error;
      const exitCode = error instanceof OperationError ? error.exitCode : undefined;
      write({ error: message, exitCode });
    }
    response.end();
  }
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
