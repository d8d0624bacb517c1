import { type Console, checkConsoleConfig, createConsole } from '@spillway/console';
import { checkGatewayConfig, createGateway, type Gateway } from '@spillway/gateway';
import { liveGroup, searchGroup } from '@spillway/projector';
import {
  type Component,
  type Health,
  KeyRing,
  type Logger,
  Metrics,
  type Progress,
  Stack,
} from '@spillway/runtime';
import { writerGroup } from '@spillway/writer';
import type { SpillwayConfig } from './config.ts';
import { ControlServer } from './control-server.ts';
import { eventLog, type Report } from './event-log.ts';
import { summaryOf } from './gateway-summary.ts';
import { auditLedger } from './ledger.ts';
import { registerMetrics } from './metrics.ts';
import { type Adapters, createParts, type Parts } from './parts.ts';
import { Consumers } from './pipeline.ts';
import { ensureTopics } from './topics.ts';

/** The only one of its folder; the epoch tells its starts apart. */
const gatewayName = 'gw-1';

export interface SpillwayOptions {
  config: SpillwayConfig;
  adapters: Adapters;
  logger: Logger;
}

/**
 * Everything in one process, on one data folder. The order of the parts is the architecture: what
 * stands later relies on what stands before it, the doors open last and close first.
 */
export class Spillway implements Component {
  readonly name = 'spillway';
  readonly #config: SpillwayConfig;
  readonly #report: Report;
  readonly #parts: Parts;
  readonly #consumers: Consumers;
  readonly #control: ControlServer;
  readonly #metrics = new Metrics();
  readonly #stack: Stack;
  #gateway: Gateway | undefined;
  #console: Console | undefined;

  constructor({ config, adapters, logger }: SpillwayOptions) {
    this.#config = config;
    this.#report = eventLog(logger);
    const parts = createParts(config, adapters, this.#report);
    const live = adapters.liveStore({ config, folder: parts.folder, report: this.#report });
    this.#consumers = new Consumers(parts, live, this.#report);
    this.#parts = { ...parts, pipeline: this.#consumers };
    this.#control = new ControlServer(this.#parts);
    this.#stack = new Stack(this.#components());
  }

  get parts(): Parts {
    return this.#parts;
  }

  get addresses(): { otlpHttp: string; otlpGrpc: string; console: string } {
    const { http = '', grpc = '' } = this.#gateway?.addresses ?? {};
    const scheme = this.#config.gateway.certFile ? 'https' : 'http';
    return {
      otlpHttp: `${scheme}://${http}`,
      otlpGrpc: grpc,
      console: this.#console?.address ?? '',
    };
  }

  /** Throws before touching anything when the folder is in use or of a newer version. */
  async start(progress?: Progress): Promise<void> {
    checkGatewayConfig(this.#config.gateway);
    checkConsoleConfig(this.#config.console);
    this.#parts.folder.open();
    await this.#stack.start(progress);
    this.#parts.folder.writeRunFile({
      pid: process.pid,
      startedAt: new Date().toISOString(),
      control: this.#control.path,
      addresses: this.addresses,
    });
  }

  async stop(): Promise<void> {
    if (this.#gateway) this.#parts.folder.removeRunFile();
    await this.#stack.stop();
  }

  health(): Health {
    const failing = this.#stack.health().filter(({ ok }) => !ok);
    const detail = failing.map((part) => `${part.name}: ${part.detail}`).join('; ');
    return { ok: failing.length === 0, detail: detail || 'all parts are well' };
  }

  #components(): Component[] {
    const { broker, writeStore, search } = this.#parts;
    const topics = (): Promise<void> => ensureTopics(broker, this.#config.broker.partitions);
    return [
      asComponent('log', broker),
      step('topics', topics),
      asComponent('write store', writeStore),
      asComponent('search store', search.store),
      asComponent('live store', this.#consumers.live),
      ...this.#consumers.components,
      this.#control,
      late('console', () => this.#createConsole()),
      late('gateway', () => this.#createGateway()),
    ];
  }

  #createGateway(): Component {
    const { broker, folder } = this.#parts;
    this.#gateway = createGateway({
      config: this.#config.gateway,
      broker,
      name: gatewayName,
      epoch: folder.nextEpoch(Date.now()),
      report: this.#report,
    });
    registerMetrics(this.#metrics, {
      broker,
      gateway: this.#gateway,
      consumers: this.#consumers,
      health: () => this.#stack.health(),
    });
    return this.#gateway;
  }

  #createConsole(): Component {
    const { broker, search, deadLetters } = this.#parts;
    const file = this.#config.console.keysFile;
    const keys = file ? new KeyRing({ file, configKey: 'console.keysFile' }) : undefined;
    const page = createConsole({
      config: this.#config.console,
      broker,
      search: search.store,
      live: this.#consumers.live,
      groups: { writer: writerGroup, search: searchGroup, live: liveGroup },
      keys,
      deadLetters,
      ledger: ({ since, tenant }) => auditLedger(this.#parts, { sinceMs: since, tenant }),
      admin: {
        ready: () => ({ ok: this.health().ok, components: this.#stack.health() }),
        metrics: () => this.#metrics.text(),
        gateways: async () => (this.#gateway ? [summaryOf(gatewayName, this.#gateway)] : []),
      },
      clock: Date.now,
      report: this.#report,
    });
    this.#console = page;
    return keys ? chain('console', [keys, page]) : page;
  }
}

function asComponent(name: string, part: Omit<Component, 'name'>): Component {
  return {
    name,
    start: () => part.start(),
    stop: () => part.stop(),
    health: () => part.health(),
  };
}

/** Work to be done once in the order of starting. */
function step(name: string, run: () => Promise<void>): Component {
  return { name, start: run, stop: async () => {}, health: () => ({ ok: true, detail: 'done' }) };
}

/** A part that can only be made when those before it have started. */
function late(name: string, make: () => Component): Component {
  let made: Component | undefined;
  return {
    name,
    start: () => {
      made = make();
      return made.start();
    },
    stop: async () => made?.stop(),
    health: () => made?.health() ?? { ok: false, detail: 'not started' },
  };
}

function chain(name: string, components: readonly Component[]): Component {
  const stack = new Stack(components);
  return {
    name,
    start: () => stack.start(),
    stop: () => stack.stop(),
    health: () => stack.health().find(({ ok }) => !ok) ?? { ok: true, detail: 'listening' },
  };
}
