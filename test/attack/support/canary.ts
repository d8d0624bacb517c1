import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface CanaryReport {
  sent: number;
  accepted: number;
  /** What it got instead of 200: statuses with what they said, and error codes, with how often. */
  refused: Record<string, number>;
  slowestMs: number;
}

/** A steady client of a tenant of its own: one span every 50 ms over HTTP, whatever others do. */
export class Canary {
  readonly #child: ChildProcess;

  constructor({ otlpHttp, key }: { otlpHttp: string; key: string }) {
    const file = join(import.meta.dirname, 'canary-process.ts');
    this.#child = fork(file, [otlpHttp, key], { execArgv: [] });
  }

  /** Waits for the answers that are still to come. */
  async stop(): Promise<CanaryReport> {
    const report = once(this.#child, 'message');
    this.#child.send('stop');
    const [message] = await report;
    return message as CanaryReport;
  }
}
