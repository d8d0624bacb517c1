import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@spillway/native';
import { stringify } from 'yaml';
import { programOf } from './programs.ts';

interface Sample {
  metric: Record<string, string>;
  value: [number, string];
}

/** Runs promtool; throws with what it says. */
export function promtool(...args: string[]): string {
  return execFileSync(programOf('promtool', 'prometheus'), args, {
    encoding: 'utf8',
    stdio: 'pipe',
  });
}

/** A real Prometheus that asks one process every 250 ms. */
export class Prometheus {
  readonly #dir = mkdtempSync(join(tmpdir(), 'spillway-prometheus-'));
  readonly #target: string;
  #child: ChildProcess | undefined;
  #url = '';
  #output = '';

  /** `target` is host:port. */
  constructor(target: string) {
    this.#target = target;
  }

  async start(): Promise<void> {
    const port = await freePort();
    const file = join(this.#dir, 'prometheus.yml');
    const jobs = [{ job_name: 'spillway', static_configs: [{ targets: [this.#target] }] }];
    const global = { scrape_interval: '250ms', scrape_timeout: '250ms' };
    writeFileSync(file, stringify({ global, scrape_configs: jobs }));
    this.#url = `http://127.0.0.1:${port}`;
    const child = spawn(
      programOf('prometheus', 'prometheus'),
      [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(this.#dir, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (part: Buffer) => {
        this.#output = (this.#output + part).slice(-20_000);
      });
    }
    this.#child = child;
  }

  /** Until an expression gives anything. */
  async hasSamples(expression: string): Promise<void> {
    for (;;) {
      if (this.#child?.exitCode !== null) throw new Error(`Prometheus ended: ${this.#output}`);
      // It refuses connections while it starts.
      if ((await this.valuesOf(expression).catch(() => [])).length > 0) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** What an expression gives now. */
  async valuesOf(expression: string): Promise<Sample[]> {
    const query = new URLSearchParams({ query: expression });
    const response = await fetch(`${this.#url}/api/v1/query?${query}`);
    const { data, error } = (await response.json()) as {
      data?: { result: Sample[] };
      error?: string;
    };
    if (!data) throw new Error(error);
    return data.result;
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child?.exitCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
