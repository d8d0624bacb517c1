/** A process that tries one target, and may die of it. Started by `runInside`. */
import { openSync, writeSync } from 'node:fs';
import { readCorpus } from './corpus.ts';
import { hangCpuMs } from './limits.ts';
import { Pool } from './pool.ts';
import { Random } from './random.ts';
import type { Target } from './target.ts';
import { loadTarget } from './targets/index.ts';
import { Coverage } from './tracking/coverage.ts';

export interface Order {
  target: string;
  seed: number;
  inputs: number;
  /** Only this one, once. */
  input?: Uint8Array;
  /** The input under way is written here, for whoever finds this process dead or stuck. */
  currentFile: string;
}

export type Report =
  | { type: 'progress' | 'done'; tally: Tally; rssBytes: number; kept?: Uint8Array[] }
  | { type: 'finding'; kind: 'error' | 'hang'; message: string; input: Uint8Array; inputs: number };

export interface Tally {
  inputs: number;
  outcomes: Record<string, number>;
  /** Places of the code that were passed. */
  places: number;
  pool: number;
}

const reportEveryMs = 200;
const findingsMax = 50;
const stackFrames = 12;

class Trial {
  readonly #order: Order;
  readonly #target: Target;
  readonly #coverage = new Coverage();
  readonly #pool: Pool;
  readonly #current: number;
  readonly #outcomes: Record<string, number> = {};
  #inputs = 0;
  #findings = 0;
  #reportedMs = 0;

  constructor(order: Order, target: Target) {
    this.#order = order;
    this.#target = target;
    this.#current = openSync(order.currentFile, 'w+');
    this.#pool = new Pool({
      ...target,
      seeds: order.input ? [order.input] : [...target.seeds, ...readCorpus(target.name)],
      random: new Random(order.seed),
    });
  }

  async run(): Promise<void> {
    Error.stackTraceLimit = 0;
    while (this.#inputs < this.#order.inputs) {
      const input = this.#pool.next();
      this.#write(input);
      this.#inputs++;
      this.#coverage.begin();
      await this.#try(input);
      if (this.#coverage.isNew() && this.#inputs > this.#target.seeds.length)
        this.#pool.keep(input);
      const nowMs = performance.now();
      if (nowMs - this.#reportedMs > reportEveryMs) {
        this.#reportedMs = nowMs;
        await this.#tell({ type: 'progress', ...this.#state() });
      }
    }
    await this.#close();
    await this.#tell({ type: 'done', ...this.#state(), kept: this.#pool.kept });
  }

  async #try(input: Uint8Array): Promise<void> {
    const before = process.threadCpuUsage();
    let outcome: string;
    try {
      // A promise costs a turn: most targets have none.
      const result = this.#target.run(input);
      outcome = typeof result === 'string' ? result : await result;
    } catch {
      outcome = 'FINDING';
      await this.#find('error', input, await this.#again(input));
    }
    this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1;
    const { user, system } = process.threadCpuUsage(before);
    const cpuMs = (user + system) / 1_000;
    if (cpuMs > hangCpuMs) await this.#find('hang', input, `${Math.round(cpuMs)} ms of CPU`);
  }

  /** For the stack, which costs more than all else and is not taken the first time. */
  async #again(input: Uint8Array): Promise<unknown> {
    Error.stackTraceLimit = stackFrames;
    try {
      await this.#target.run(input);
      return new Error('not met again with the same input: it depends on what came before');
    } catch (error) {
      return error;
    } finally {
      Error.stackTraceLimit = 0;
    }
  }

  async #close(): Promise<void> {
    try {
      await this.#target.close?.();
    } catch (error) {
      await this.#find('error', new Uint8Array(), error);
    }
  }

  async #find(kind: 'error' | 'hang', input: Uint8Array, error: unknown): Promise<void> {
    if (this.#findings++ >= findingsMax) return;
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    await this.#tell({ type: 'finding', kind, message, input, inputs: this.#inputs });
  }

  #state(): { tally: Tally; rssBytes: number } {
    const { places } = this.#coverage;
    const tally = { inputs: this.#inputs, outcomes: this.#outcomes, places, pool: this.#pool.size };
    return { tally, rssBytes: process.memoryUsage.rss() };
  }

  /** Number of the input, its length, its bytes. */
  #write(input: Uint8Array): void {
    const record = Buffer.allocUnsafe(8 + input.length);
    record.writeUInt32LE(this.#inputs + 1, 0);
    record.writeUInt32LE(input.length, 4);
    record.set(input, 8);
    writeSync(this.#current, record, 0, record.length, 0);
  }

  #tell(report: Report): Promise<void> {
    return new Promise((resolve) => process.send?.(report, () => resolve()));
  }
}

process.once('message', async (order: Order) => {
  await new Trial(order, await loadTarget(order.target)).run();
  process.disconnect();
  process.exit(0);
});
