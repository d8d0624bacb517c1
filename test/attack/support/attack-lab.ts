import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKey } from '@spillway/runtime';
import { type Addresses, runSpillway, SpillwayProcess } from '@spillway/test-support';
import { stringify } from 'yaml';
import { Canary, type CanaryReport } from './canary.ts';

export interface AttackLabOptions {
  /** `--max-old-space-size` of the process; V8's own choice when absent. */
  heapMb?: number;
  args?: readonly string[];
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
export class AttackLab {
  readonly dataDir: string;
  readonly spillway: SpillwayProcess;
  readonly evilKey: string;
  readonly goodKey: string;
  readonly #dir = mkdtempSync(join(tmpdir(), 'spillway-attack-'));
  readonly #env: Readonly<Record<string, string>>;
  #addresses: Addresses | undefined;
  #canary: Canary | undefined;
  #canaryReport: CanaryReport | undefined;
  #peakBytes = 0;
  #watch: NodeJS.Timeout | undefined;

  private constructor({ heapMb, args = [], under = [], env = {}, dataDir }: AttackLabOptions) {
    this.dataDir = dataDir ?? join(this.#dir, 'data');
    this.#env = env;
    const [good, evil] = ['good', 'evil'].map((tenant) =>
      createKey({ name: tenant, tenant, scopes: ['ingest', 'query'] }),
    ) as [ReturnType<typeof createKey>, ReturnType<typeof createKey>];
    [this.goodKey, this.evilKey] = [good.key, evil.key];
    const keysFile = join(this.#dir, 'keys.yaml');
    writeFileSync(keysFile, stringify([good.entry, evil.entry]));
    this.spillway = new SpillwayProcess({
      dataDir: this.dataDir,
      args: ['--gateway.keysFile', keysFile, '--console.keysFile', keysFile, ...args],
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

  /** The most memory the process was seen to hold since it was started. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** The first start too; later ones find the folder as it was left. Begins the canary anew. */
  async restart(): Promise<void> {
    const canary = this.#canary;
    this.#canary = undefined;
    await canary?.stop();
    this.#addresses = await this.spillway.start();
    this.#peakBytes = 0;
    clearInterval(this.#watch);
    this.#watch = setInterval(() => this.#look(), 50);
    this.#canary = new Canary({ otlpHttp: this.#addresses.otlpHttp, key: this.goodKey });
  }

  /** The query API as the hostile tenant. */
  async ask(path: string, key = this.evilKey): Promise<{ status: number; text: string }> {
    const headers = { authorization: `Bearer ${key}` };
    const response = await fetch(this.addresses.console + path, { headers });
    return { status: response.status, text: await response.text() };
  }

  /** Until every group has read everything. */
  async caughtUp(): Promise<void> {
    for (let quiet = 0; quiet < 3; ) {
      const { stdout } = await runSpillway(['lag', '--json', '--data', this.dataDir], this.#env);
      const lag = JSON.parse(stdout) as { messages: number | null }[];
      quiet = lag.length > 0 && lag.every(({ messages }) => messages === 0) ? quiet + 1 : 0;
      await sleep(50);
    }
  }

  audit(): ReturnType<typeof runSpillway> {
    return runSpillway(['audit', '--json', '--data', this.dataDir], this.#env);
  }

  /** Alive, the canary served with no refusal, and every record accounted for; else it throws. */
  async verdict(): Promise<Record<string, number>> {
    this.#canaryReport = await this.#canary?.stop();
    this.#canary = undefined;
    const { exit, output } = this.spillway;
    assert.equal(exit, undefined, `ended: ${JSON.stringify(exit)}\n${output.slice(-3000)}`);
    const { sent, accepted, refused } = this.canaryReport;
    assert.deepEqual(refused, {}, `the canary was refused: ${JSON.stringify(refused)}`);
    assert.equal(accepted, sent);
    await this.caughtUp();
    const { code, stdout, stderr } = await this.audit();
    assert.equal(code, 0, stdout.slice(0, 3000) + stderr);
    return (JSON.parse(stdout) as { totals: Record<string, number> }).totals;
  }

  /** Of the last verdict. */
  get canaryReport(): CanaryReport {
    assert(this.#canaryReport, 'no canary was sent out');
    return this.#canaryReport;
  }

  async close(): Promise<void> {
    await this.#canary?.stop();
    clearInterval(this.#watch);
    await this.spillway.end('SIGKILL');
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #look(): void {
    try {
      const status = readFileSync(`/proc/${this.spillway.pid}/status`, 'utf8');
      const kibibytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
      this.#peakBytes = Math.max(this.#peakBytes, kibibytes * 1024);
    } catch {
      // Ended between two looks.
    }
  }
}
