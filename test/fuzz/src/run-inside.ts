import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Finding } from './finding.ts';
import { hangCpuMs, heapMb, rssBytesMax } from './limits.ts';
import { cpuMsOf } from './process-facts.ts';
import type { Order, Report, Tally } from './worker.ts';

export interface InsideOptions {
  target: string;
  seed: number;
  inputs: number;
  input?: Uint8Array | undefined;
  onFinding: (finding: Finding) => void;
  onProgress: (total: Total) => void;
}

export interface Total {
  target: string;
  inputs: number;
  outcomes: Record<string, number>;
  places: number;
  peakRssBytes: number;
  kept: Uint8Array[];
}

const worker = fileURLToPath(new URL('worker.ts', import.meta.url));
const instrumented = new URL('tracking/register.ts', import.meta.url).href;
const watchEveryMs = 250;
/** A process that does nothing and says nothing for so long waits for what never comes. */
const silentMs = 60_000;
/** A target that kills its process again and again is tried no more. */
const deathsMax = 20;

/** Tries a target in a process of its own; one that dies or hangs is a finding, and replaced. */
export async function runInside(options: InsideOptions): Promise<Total> {
  const { target, seed, inputs } = options;
  const total: Total = { target, inputs: 0, outcomes: {}, places: 0, peakRssBytes: 0, kept: [] };
  const dir = mkdtempSync(join(tmpdir(), 'spillway-fuzz-'));
  try {
    for (let deaths = 0; total.inputs < inputs && deaths < deathsMax; deaths++) {
      const order: Order = {
        target,
        seed: seed + deaths,
        inputs: inputs - total.inputs,
        ...(options.input && { input: options.input }),
        currentFile: join(dir, 'current'),
      };
      await new Life(order, total, options).lived;
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  return total;
}

/** One worker from its start to its end. */
class Life {
  readonly lived: Promise<void>;
  readonly #order: Order;
  readonly #options: InsideOptions;
  readonly #total: Total;
  readonly #before: number;
  readonly #child: ChildProcess;
  #tally: Tally = { inputs: 0, outcomes: {}, places: 0, pool: 0 };
  #verdict: { kind: Finding['kind']; message: string } | undefined;
  #stderr = '';
  #isDone = false;
  #watched = { number: 0, cpuMs: 0, sinceMs: performance.now() };

  constructor(order: Order, total: Total, options: InsideOptions) {
    this.#order = order;
    this.#total = total;
    this.#options = options;
    this.#before = total.inputs;
    const flags = ['--no-warnings', `--max-old-space-size=${heapMb}`, '--import', instrumented];
    this.#child = spawn(process.execPath, [...flags, worker], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // What the target puts there goes with this process.
      env: { ...process.env, TMPDIR: dirname(order.currentFile) },
      serialization: 'advanced',
    });
    this.#child.stderr?.on('data', (part: Buffer) => {
      this.#stderr = (this.#stderr + part).slice(-8_000);
    });
    this.#child.on('message', (report: Report) => this.#hear(report));
    this.#child.send(order);
    const watch = setInterval(() => this.#watch(), watchEveryMs);
    this.lived = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        clearInterval(watch);
        this.#onEnd(signal ?? `exit ${code}`);
        resolve();
      });
    });
  }

  #hear(report: Report): void {
    if (report.type === 'finding') {
      const { kind, message, input, inputs } = report;
      this.#find({ kind, message, input, inputs: this.#before + inputs });
      return;
    }
    const { tally, rssBytes, kept = [] } = report;
    this.#tally = tally;
    this.#total.inputs = this.#before + tally.inputs;
    this.#total.places = Math.max(this.#total.places, tally.places);
    this.#total.peakRssBytes = Math.max(this.#total.peakRssBytes, rssBytes);
    this.#total.kept.push(...kept);
    if (rssBytes > rssBytesMax) this.#kill('memory', `${Math.round(rssBytes / 2 ** 20)} MiB`);
    this.#isDone ||= report.type === 'done';
    this.#options.onProgress(this.#total);
  }

  #watch(): void {
    const { number } = this.#current();
    const cpuMs = cpuMsOf(this.#child.pid as number);
    const nowMs = performance.now();
    if (number !== this.#watched.number) this.#watched = { number, cpuMs, sinceMs: nowMs };
    else if (number > 0 && cpuMs - this.#watched.cpuMs > 2 * hangCpuMs) {
      this.#kill('hang', `more than ${2 * hangCpuMs} ms of CPU, and no end`);
    } else if (nowMs - this.#watched.sinceMs > silentMs) {
      this.#kill('hang', `no answer within ${silentMs} ms`);
    }
  }

  #kill(kind: Finding['kind'], message: string): void {
    if (this.#isDone) return;
    this.#verdict ??= { kind, message };
    this.#child.kill('SIGKILL');
  }

  #onEnd(how: string): void {
    for (const [outcome, count] of Object.entries(this.#tally.outcomes)) {
      this.#total.outcomes[outcome] = (this.#total.outcomes[outcome] ?? 0) + count;
    }
    if (this.#isDone) return;
    const { number, input } = this.#current();
    this.#total.inputs = this.#before + Math.max(number, this.#tally.inputs, 1);
    const crash = {
      kind: 'crash' as const,
      message: `the process ended (${how})\n${this.#stderr}`,
    };
    this.#find({ ...(this.#verdict ?? crash), input, inputs: this.#total.inputs });
  }

  #find(found: Pick<Finding, 'kind' | 'message' | 'input' | 'inputs'>): void {
    const { target, seed } = this.#order;
    this.#options.onFinding({ ...found, target, seed });
  }

  #current(): { number: number; input: Uint8Array } {
    try {
      const record = readFileSync(this.#order.currentFile);
      const input = record.subarray(8, 8 + record.readUInt32LE(4));
      return { number: record.readUInt32LE(0), input };
    } catch {
      return { number: 0, input: new Uint8Array() };
    }
  }
}
