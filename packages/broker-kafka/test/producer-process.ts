/** A producer in a process of its own, behind a proxy, to be killed. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Identities } from '@spillway/broker';

export interface ProducerChildOptions {
  bootstrap: readonly string[];
  /** Port at which it reaches every broker. */
  reached: number;
  identityFile: string;
  topic: string;
}

export class ProducerProcess {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(options: ProducerChildOptions): Promise<ProducerProcess> {
    const script = fileURLToPath(new URL('producer-child.ts', import.meta.url));
    const child = fork(script, [JSON.stringify(options)], { execArgv: [] });
    await once(child, 'message');
    return new ProducerProcess(child);
  }

  /** The outcome is not waited for. */
  publish(number: number): void {
    this.#child.send(number);
  }

  async outcome(): Promise<string> {
    const [status] = await once(this.#child, 'message');
    return status as string;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      await once(this.#child, 'exit');
    }
  }
}

/** Good enough against the end of a process. */
export function fileIdentities(path: string): Identities {
  return {
    load: async () => await readFile(path).catch(() => undefined),
    save: async (bytes) => await writeFile(path, bytes),
  };
}
