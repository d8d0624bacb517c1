import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { query, runSpillway } from '@spillway/test-support';
import type { LedgerJson } from '@spillway/test-support/lab';
import { type CountOptions, countInServers, type StoreCounts } from './check/stores.ts';
import {
  type DirectAccess,
  type LabServer,
  type ServerBroker,
  startLabServers,
} from './lab-servers.ts';
import { Member } from './member.ts';
import type { Sabotage } from './sabotaged.ts';

export interface ChaosLabOptions {
  broker: ServerBroker;
}

/** What is still on its way, in messages; null where nobody can say now. */
export interface Backlog {
  lag: number | null;
  ledger: Record<string, number>;
}

const roles = {
  'gw-1': 'gateway',
  'gw-2': 'gateway',
  writer: 'writer',
  search: 'search-projector',
  live: 'live-projector',
  console: 'console',
} as const;

const programs = {
  breakable: fileURLToPath(new URL('./breakable.ts', import.meta.url)),
  sabotaged: fileURLToPath(new URL('./sabotaged.ts', import.meta.url)),
};

/** Patience and pauses of production, shortened so that a fault of seconds is a long one. */
const impatient = {
  SPILLWAY_GATEWAY_NOTE_INTERVAL_MS: '500',
  SPILLWAY_STORE_WRITE_POSTGRES_STATEMENT_TIMEOUT_MS: '5000',
  SPILLWAY_STORE_SEARCH_ELASTICSEARCH_REQUEST_TIMEOUT_MS: '5000',
  SPILLWAY_STORE_LIVE_REDIS_COMMAND_TIMEOUT_MS: '2000',
  SPILLWAY_BROKER_KAFKA_REQUEST_TIMEOUT_MS: '4000',
  SPILLWAY_BROKER_KAFKA_SESSION_TIMEOUT_MS: '10000',
  SPILLWAY_BROKER_KAFKA_REBALANCE_TIMEOUT_MS: '15000',
  SPILLWAY_BROKER_RABBITMQ_CONFIRM_TIMEOUT_MS: '4000',
  SPILLWAY_BROKER_RABBITMQ_RECONNECT_MAX_MS: '2000',
  SPILLWAY_BROKER_RABBITMQ_HEARTBEAT_SECONDS: '4',
};

/** Real servers behind faulty networks, and a Spillway of processes apart on them. */
export class ChaosLab {
  readonly dir: string;
  readonly servers: ReadonlyMap<string, LabServer>;
  readonly members = new Map<string, Member>();
  readonly direct: DirectAccess;
  readonly broker: ChaosLabOptions['broker'];
  readonly #env: Record<string, string>;
  readonly #directEnv: Record<string, string>;
  #program = programs.breakable;
  readonly #remove: () => Promise<void>;
  #closing: Promise<void> | undefined;

  private constructor(
    { broker }: ChaosLabOptions,
    servers: Awaited<ReturnType<typeof startLabServers>>,
  ) {
    this.broker = broker;
    this.dir = mkdtempSync(join(tmpdir(), 'spillway-chaos-'));
    this.servers = new Map(servers.all.map((each) => [each.name, each]));
    this.direct = servers.direct;
    this.#env = { ...servers.env, ...impatient };
    this.#directEnv = servers.directEnv;
    this.#remove = servers.remove;
  }

  static async start(options: ChaosLabOptions): Promise<ChaosLab> {
    const lab = new ChaosLab(options, await startLabServers(options.broker));
    try {
      // The first makes the topics and tables: the others find them.
      for (const [name, role] of Object.entries(roles)) await lab.join(name, role);
    } catch (error) {
      await lab.close();
      throw error;
    }
    return lab;
  }

  get gateways(): Member[] {
    return [...this.members.values()].filter(({ name }) => name.startsWith('gw-'));
  }

  get brokers(): LabServer[] {
    return [...this.servers.values()].filter(({ name }) => /^(kafka|rabbitmq)/.test(name));
  }

  server(name: string): LabServer {
    const server = this.servers.get(name);
    if (!server) throw new Error(`no server ${name} in this lab`);
    return server;
  }

  member(name: string): Member {
    const member = this.members.get(name);
    if (!member) throw new Error(`no process ${name} in this lab`);
    return member;
  }

  /** One more process. */
  async join(name: string, role: string): Promise<Member> {
    const { dir } = this;
    const member = new Member({ name, role, dir, env: this.#env, program: this.#program });
    this.members.set(name, member);
    await member.start();
    return member;
  }

  /** All processes end and start again, with one guarantee switched off. */
  async sabotage(mode: Sabotage): Promise<void> {
    this.#env.SPILLWAY_TEST_SABOTAGE = mode;
    this.#program = programs.sabotaged;
    for (const name of Object.keys(roles)) await this.leave(name);
    for (const [name, role] of Object.entries(roles)) await this.join(name, role);
  }

  async leave(name: string): Promise<void> {
    await this.member(name).kill();
    this.members.delete(name);
  }

  /** A folder for the files of some senders. */
  sendersDir(name: string): string {
    const dir = join(this.dir, 'senders', name);
    mkdirSync(dir, { recursive: true });
    return dir;
  }

  async backlog(sinceMs: number): Promise<Backlog> {
    const { addresses } = this.member('console');
    if (!addresses) throw new Error('the console is away');
    const { lag } = await query<{ lag: { messages: number | null }[] }>(addresses, '/api/lag');
    const { totals } = await query<LedgerJson>(addresses, `/api/ledger?since=${sinceMs}`);
    const known = lag.length > 0 && lag.every(({ messages }) => messages !== null);
    return {
      lag: known ? lag.reduce((sum, { messages }) => sum + (messages ?? 0), 0) : null,
      ledger: totals,
    };
  }

  /** `spillway audit`, as anyone would run it. */
  async audit(sinceMs: number): Promise<{ code: number | null; ledger: LedgerJson }> {
    const words = ['audit', '--json', '--since', String(sinceMs), '--data', join(this.dir, 'none')];
    const { code, stdout, stderr } = await runSpillway(words, this.#directEnv);
    if (!stdout) throw new Error(`the audit failed: ${stderr}`);
    return { code, ledger: JSON.parse(stdout) as LedgerJson };
  }

  count(options: CountOptions): Promise<StoreCounts> {
    return countInServers(this.direct, options);
  }

  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.all([...this.members.values()].map((member) => member.kill()));
    await this.#remove();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
