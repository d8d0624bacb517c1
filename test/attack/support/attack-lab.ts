import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Addresses, runSpillway, SpillwayProcess } from '@spillway/test-support';
import { Canary, type CanaryReport } from './canary.ts';
import { PeakMemory } from './peak-memory.ts';
import { type Answer, ask, type Target } from './target.ts';
import { type Tenants, writeKeys } from './tenants.ts';
import { audited, caughtUp, wasServed } from './verdict.ts';

export interface AttackLabOptions {
  /** `--max-old-space-size` of the process; V8's own choice when absent. */
  heapMb?: number;
  args?: readonly string[] | undefined;
  /** What starts it, e.g. with a lower limit of the system. */
  under?: readonly string[];
  /** Beside the test's own environment, e.g. what chooses another broker. */
  env?: Readonly<Record<string, string>>;
  /** Goes on with a folder that is there. */
  dataDir?: string;
}

/**
 * A real Spillway with everything embedded and two tenants: `good`, whose canary must notice
 * nothing, and `evil`, whose key the attacks use. A test ends with `verdict`.
 */
export class AttackLab implements Target {
  readonly dataDir: string;
  readonly spillway: SpillwayProcess;
  readonly #dir = mkdtempSync(join(tmpdir(), 'spillway-attack-'));
  readonly #tenants: Tenants;
  readonly #env: Readonly<Record<string, string>>;
  #addresses: Addresses | undefined;
  #canary: Canary | undefined;
  #canaryReport: CanaryReport | undefined;
  #peak: PeakMemory | undefined;

  private constructor({ heapMb, args = [], under = [], env = {}, dataDir }: AttackLabOptions) {
    this.dataDir = dataDir ?? join(this.#dir, 'data');
    this.#tenants = writeKeys(this.#dir);
    this.#env = env;
    this.spillway = new SpillwayProcess({
      dataDir: this.dataDir,
      args: [...this.#tenants.args, ...args],
      under,
      nodeArgs: heapMb === undefined ? [] : [`--max-old-space-size=${heapMb}`],
      env: async () => env,
    });
  }

  static async start(options: AttackLabOptions = {}): Promise<AttackLab> {
    const lab = new AttackLab(options);
    await lab.restart();
    return lab;
  }

  get addresses(): Addresses {
    if (!this.#addresses) throw new Error('not started');
    return this.#addresses;
  }

  get evilKey(): string {
    return this.#tenants.evilKey;
  }

  get goodKey(): string {
    return this.#tenants.goodKey;
  }

  /** The most memory the process was seen to hold since it was started. */
  get peakBytes(): number {
    return this.#peak?.bytes ?? 0;
  }

  /** The most of it that the kernel could not take back: without pages of files. */
  get peakOwnBytes(): number {
    return this.#peak?.ownBytes ?? 0;
  }

  /** The first start too; later ones find the folder as it was left. Begins the canary anew. */
  async restart(): Promise<void> {
    const canary = this.#canary;
    this.#canary = undefined;
    await canary?.stop();
    this.#addresses = await this.spillway.start();
    this.#peak?.end();
    this.#peak = new PeakMemory(() => this.spillway.pid);
    this.#canary = new Canary({ otlpHttp: this.#addresses.otlpHttp, key: this.goodKey });
  }

  /** The query API as the hostile tenant. */
  ask(path: string, key = this.evilKey): Promise<Answer> {
    return ask(this, path, key);
  }

  /** Alive, the canary served with no refusal, and every record accounted for; else it throws. */
  async verdict(): Promise<Record<string, number>> {
    const canary = this.#canary;
    this.#canary = undefined;
    assert(canary, 'no canary was sent out');
    const { exit, lastWords } = this.spillway;
    this.#canaryReport = await canary.stop();
    assert.equal(exit, undefined, lastWords);
    wasServed(this.#canaryReport);
    await caughtUp(async () => {
      const { stdout } = await runSpillway(['lag', '--json', '--data', this.dataDir], this.#env);
      return JSON.parse(stdout);
    });
    return await audited(this.dataDir, this.#env);
  }

  /** Of the last verdict. */
  get canaryReport(): CanaryReport {
    assert(this.#canaryReport, 'no canary was sent out');
    return this.#canaryReport;
  }

  async close(): Promise<void> {
    await this.#canary?.stop();
    this.#peak?.end();
    await this.spillway.end('SIGKILL');
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
