import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Addresses,
  caughtUp,
  memoryOf,
  runSpillway,
  SpillwayProcess,
} from '@spillway/test-support';
import { cpuMsOf } from './process-facts.ts';

const lookEveryMs = 250;
const probeTimeoutMs = 60_000;

/** What was seen of the process, beside its answers. */
export type Trouble = { kind: 'crash' | 'hang' | 'memory'; message: string };

/** A Spillway as users start it, with an eye on it. */
export class WatchedSpillway {
  readonly #dir = mkdtempSync(join(tmpdir(), 'spillway-fuzz-'));
  readonly #rssBytesMax: number;
  readonly #hangCpuMs: number;
  #process: SpillwayProcess;
  #look: NodeJS.Timeout | undefined;
  #probing = false;
  addresses: Addresses = { otlpHttp: '', otlpGrpc: '', console: '', admin: '' };
  peakRssBytes = 0;
  starts = 0;
  trouble: Trouble | undefined;

  constructor(limits: { rssBytesMax: number; hangCpuMs: number }) {
    this.#rssBytesMax = limits.rssBytesMax;
    this.#hangCpuMs = limits.hangCpuMs;
    this.#process = new SpillwayProcess({ dataDir: this.#dir });
  }

  get isAlive(): boolean {
    return memoryOf(this.#process.pid).resident > 0;
  }

  /** An error that nobody foresaw, as it was logged: it ended a request, and not the process. */
  get slip(): string | undefined {
    const at = this.#process.output.search(/^.*internal-error.*$/m);
    return at < 0 ? undefined : this.#process.output.slice(at, at + 3_000);
  }

  /** Again on the same folder after a crash: what was acknowledged must not keep it from starting. */
  async start(): Promise<void> {
    this.trouble = undefined;
    this.starts++;
    this.#process = new SpillwayProcess({ dataDir: this.#dir });
    this.addresses = await this.#process.start();
    this.#look = setInterval(() => void this.#watch(), lookEveryMs);
  }

  /** Ends what does not answer any more. */
  async kill(): Promise<void> {
    clearInterval(this.#look);
    await this.#process.end('SIGKILL');
  }

  /** What `spillway audit` says once everything is applied. */
  async audit(): Promise<{ code: number | null; accepted: number; text: string }> {
    await caughtUp(this.addresses);
    const { code, stdout, stderr } = await runSpillway(['audit', '--json', '--data', this.#dir]);
    const { totals } = JSON.parse(stdout || '{}') as { totals?: { accepted?: number } };
    const text = code === 0 ? '' : `${stderr}\n${stdout.slice(0, 4_000)}`;
    return { code, accepted: totals?.accepted ?? 0, text };
  }

  async close(): Promise<number | null> {
    clearInterval(this.#look);
    const code = await this.#process.end('SIGTERM');
    rmSync(this.#dir, { recursive: true, force: true });
    return code;
  }

  async #watch(): Promise<void> {
    const { pid } = this.#process;
    const rssBytes = memoryOf(pid).resident;
    this.peakRssBytes = Math.max(this.peakRssBytes, rssBytes);
    if (rssBytes === 0) {
      clearInterval(this.#look);
      this.trouble ??= { kind: 'crash', message: this.#process.lastWords };
    } else if (rssBytes > this.#rssBytesMax) {
      const message = `${Math.round(rssBytes / 2 ** 20)} MiB resident`;
      this.trouble ??= { kind: 'memory', message };
    } else if (!this.#probing) await this.#probe(pid);
  }

  /** While the main thread works on one input it answers nobody: how much CPU until it does. */
  async #probe(pid: number): Promise<void> {
    this.#probing = true;
    const before = cpuMsOf(pid, true);
    try {
      const signal = AbortSignal.timeout(probeTimeoutMs);
      await fetch(`${this.addresses.console}/live`, { signal });
    } catch {
      // Gone or stuck: the CPU says which.
    }
    const cpuMs = cpuMsOf(pid, true) - before;
    if (cpuMs > this.#hangCpuMs) {
      this.trouble ??= { kind: 'hang', message: `${cpuMs} ms of CPU without an answer` };
    }
    this.#probing = false;
  }
}
