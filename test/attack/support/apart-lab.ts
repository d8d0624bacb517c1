import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Addresses, lagReader, runSpillway, SpillwayProcess } from '@spillway/test-support';
import { startOwnGround } from '@spillway/test-support/own-ground';
import { registry } from 'spillway';
import { expect } from 'vitest';
import { Canary, type CanaryReport } from './canary.ts';
import { PeakMemory } from './peak-memory.ts';
import { ask, type Target } from './target.ts';
import { type Tenants, writeKeys } from './tenants.ts';
import { audited, caughtUp, wasServed } from './verdict.ts';

/** What a small container has, at most; every heap is smaller than this. */
const mebibytesMax = 400;

const MiB = 1024 * 1024;
const canaryTopic = 'otlp_spans';

type Ground = Awaited<ReturnType<typeof startOwnGround>>;

interface Running {
  process: SpillwayProcess;
  addresses: Addresses;
  pid: number;
  peak: PeakMemory;
  /** What it may hold. */
  limitBytes: number;
}

/**
 * Real servers, and each role of Spillway a process of its own on them, as users start it. Two
 * tenants: `good`, whose canary must notice nothing, and `evil`, whose key the attacks use.
 */
export class ApartLab implements Target {
  readonly addresses: Addresses;
  readonly evilKey: string;
  readonly goodKey: string;
  readonly defaultKey: string;
  /** What chooses the servers. */
  readonly env: Readonly<Record<string, string>>;
  readonly #dir: string;
  readonly #ground: Ground;
  readonly #running: ReadonlyMap<string, Running>;
  #canary: Canary | undefined;

  private constructor({ dir, tenants, ground, running }: Parts) {
    this.#dir = dir;
    this.#ground = ground;
    this.#running = running;
    this.env = ground.env;
    this.evilKey = tenants.evilKey;
    this.goodKey = tenants.goodKey;
    this.defaultKey = tenants.defaultKey;
    const { otlpHttp, otlpGrpc, admin } = this.#of('gateway').addresses;
    this.addresses = { otlpHttp, otlpGrpc, console: this.#of('console').addresses.console, admin };
    this.#canary = this.#sing();
  }

  static async start(stack: 'kafka' | 'rabbitmq'): Promise<ApartLab> {
    const dir = mkdtempSync(join(tmpdir(), 'spillway-apart-'));
    const tenants = writeKeys(dir);
    const ground = await startOwnGround(stack);
    const running = new Map<string, Running>();
    const start = async (role: string): Promise<void> => {
      running.set(role, await startRole(role, { dir, tenants, ground }));
    };
    try {
      // The gateway makes the topics: the others find them.
      await start('gateway');
      await Promise.all(registry.roles.filter((role) => role !== 'gateway').map(start));
    } catch (error) {
      await end(running, ground);
      throw error;
    }
    return new ApartLab({ dir, tenants, ground, running });
  }

  /** Every role is the process that was started, within its memory; the canary was served; audit 0. */
  async verdict(): Promise<Record<string, number>> {
    this.expectAlive();
    wasServed(await this.#stopCanary());
    await this.#caughtUp();
    const totals = await audited(join(this.#dir, 'console'), this.env);
    this.expectAlive();
    this.#canary = this.#sing();
    return totals;
  }

  /** Until every group has read everything in the topics that the canary does not sing into. */
  caughtUp(): Promise<void> {
    return this.#caughtUp(canaryTopic);
  }

  /** Until what was applied can be found. */
  refresh(): Promise<void> {
    return this.#ground.refresh();
  }

  expectAlive(): void {
    for (const [role, { process, pid, peak, limitBytes }] of this.#running) {
      expect(process.exit, `${role}: ${process.lastWords}`).toBeUndefined();
      expect(process.pid, role).toBe(pid);
      expect(peak.bytes, `memory of the ${role}`).toBeLessThanOrEqual(limitBytes);
    }
  }

  async close(): Promise<void> {
    if (this.#canary) await this.#stopCanary();
    await end(this.#running, this.#ground);
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async #caughtUp(except?: string): Promise<void> {
    const lagSinceCall = lagReader(async () => (await ask(this, '/api/lag', this.goodKey)).text);
    await caughtUp(async () => (await lagSinceCall()).filter(({ topic }) => topic !== except));
  }

  async #stopCanary(): Promise<CanaryReport> {
    const canary = this.#canary;
    assert(canary, 'no canary was sent out');
    this.#canary = undefined;
    return await canary.stop();
  }

  #sing(): Canary {
    return new Canary({ otlpHttp: this.addresses.otlpHttp, key: this.goodKey });
  }

  #of(role: string): Running {
    const running = this.#running.get(role);
    if (!running) throw new Error(`no ${role} in this lab`);
    return running;
  }
}

interface Parts {
  dir: string;
  tenants: Tenants;
  ground: Ground;
  running: ReadonlyMap<string, Running>;
}

async function startRole(
  role: string,
  { dir, tenants, ground }: Omit<Parts, 'running'>,
): Promise<Running> {
  const dataDir = join(dir, role);
  mkdirSync(dataDir);
  // It is given what it may hold, and nothing to spare.
  const mebibytes = await limitOf(role, ground.env);
  const process = new SpillwayProcess({
    dataDir,
    roles: [role],
    args: ['--memory', `${mebibytes}M`, ...tenants.args],
    env: async () => ground.env,
  });
  const addresses = await process.start();
  const { pid } = process;
  const limitBytes = mebibytes * MiB;
  return { process, addresses, pid, limitBytes, peak: new PeakMemory(() => pid) };
}

/** In MiB, as `spillway config --limits` says. */
async function limitOf(role: string, env: Readonly<Record<string, string>>): Promise<number> {
  const words = ['config', '--limits', role, '--memory', `${mebibytesMax}M`];
  const { stdout } = await runSpillway(words, env);
  const sum = /\*\*in all\*\* \| +\| (\d+) MiB/.exec(stdout)?.[1];
  if (!sum) throw new Error(`no limits of the ${role}: ${stdout}`);
  return Number(sum);
}

async function end(running: ReadonlyMap<string, Running>, ground: Ground): Promise<void> {
  const all = [...running.values()];
  for (const { peak } of all) peak.end();
  await Promise.all(all.map(({ process }) => process.end('SIGKILL')));
  await ground.close();
}
