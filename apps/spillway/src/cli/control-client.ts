import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { OperationError } from './operation-error.ts';
import type { Command, ItemOf, Requests } from './operations.ts';

export interface Ask<C extends Command> {
  socket: string;
  command: C;
  options: Requests[C]['options'];
  onProgress: (line: string) => void;
  /** Called with every piece of the answer, in order. */
  onItems: (items: readonly ItemOf<C>[]) => void;
}

interface Line<R, I> {
  progress?: string;
  items?: I[];
  result?: R;
  error?: string;
  exitCode?: number;
}

/**
 * Asks the process at a socket to perform a command; undefined when no process answers there.
 * @throws OperationError when the process refuses or fails
 */
export function askRunning<C extends Command>(
  ask: Ask<C>,
): Promise<{ result: Requests[C]['result'] } | undefined> {
  const { socket: socketPath, command, options, onProgress, onItems } = ask;
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path: '/', method: 'POST' }, (response) => {
      let answered = false;
      const lines = createInterface({ input: response });
      lines.on('line', (text) => {
        const line = JSON.parse(text) as Line<Requests[C]['result'], ItemOf<C>>;
        if (line.progress !== undefined) return onProgress(line.progress);
        if (line.items !== undefined) return onItems(line.items);
        answered = true;
        const { error, exitCode } = line;
        if (error !== undefined) reject(new OperationError(error, { exitCode }));
        else resolve({ result: (line.result ?? undefined) as Requests[C]['result'] });
      });
      lines.on('close', () => {
        if (!answered)
          reject(new OperationError('the running Spillway stopped before it answered'));
      });
    });
    call.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined);
      else reject(error);
    });
    call.end(JSON.stringify({ command, options }));
  });
}
