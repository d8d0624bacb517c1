import { type Console, checkConsoleConfig, createConsole, ledgerLimits } from '@spillway/console';
import { CrashRecord } from '@spillway/consumer';
import { checkGatewayConfig, createGateway, type Gateway, topicsName } from '@spillway/gateway';
import type { NotedSpill } from '@spillway/ledger';
import { liveGroup, searchGroup } from '@spillway/projector';
import {
  type Component,
  type Health,
  type InternalErrorEvent,
  InternalErrors,
  KeyRing,
  type Logger,
  Metrics,
  type Progress,
  Stack,
} from '@spillway/runtime';
import { writerGroup } from '@spillway/writer';
import { auditLedger } from './audit/audit-ledger.ts';
import { ControlServer } from './cli/control-server.ts';
import type { SpillwayConfig } from './config.ts';
import { CrashRecordFile } from './folder/crash-record-file.ts';
import { DiskWatch } from './folder/disk-watch.ts';
import { FolderLock } from './folder/folder-lock.ts';
import { makePrivate } from './folder/private-folder.ts';
import { setAsideOf } from './folder/set-aside.ts';
import { registerMetrics } from './metrics/register-metrics.ts';
import { type Adapters, createParts, type Parts } from './parts.ts';
import { Consumers } from './pipeline.ts';
import { AdminServer } from './process/admin-server.ts';
import { asComponent, chain, late, step } from './process/components.ts';
import { DeferredStart } from './process/deferred-start.ts';
import { descriptorLimit } from './process/descriptors.ts';
import { type DoorConnections, doorsWithin } from './process/doors-within.ts';
import { eventLog, type Report, type SomeEvent } from './process/event-log.ts';
import { gatewayName, readFleet } from './process/fleet.ts';
import { Safety } from './process/safety.ts';
import { startIn } from './process/start-in.ts';
import { ThisProcess } from './process/this-process.ts';
import { checkRoles, isAll, isEmbedded, type Resource, type Role, resourcesFor } from './roles.ts';
import { topicSpecs } from './topics.ts';

/** Options of a Spillway process. */
export interface SpillwayOptions {
  config: SpillwayConfig;
  logger: Logger;
  roles: readonly Role[];
}

interface Made {
  parts: Parts;
  self: ThisProcess;
  report: Report;
  internalErrors: InternalErrors;
}

/** Where the process listens; '' for an address that it does not have. */
export interface SpillwayAddresses {
  otlpHttp: string;
  otlpGrpc: string;
  console: string;
  admin: string;
}

/**
 * One process of the pipeline: every role at once on one data folder, or some of them on shared
 * servers. The order of the parts is the architecture: what stands later relies on what stands
 * before it, the doors open last and close first.
 */
export class Spillway implements Component {
  readonly name = 'spillway';
  readonly #config: SpillwayConfig;
  readonly #roles: readonly Role[];
  readonly #report: Report;
  readonly #internalErrors: InternalErrors;
  readonly #parts: Parts;
  readonly #self: ThisProcess;
  readonly #consumers: Consumers;
  readonly #crashRecord: CrashRecord;
  readonly #control: ControlServer;
  readonly #safety: Safety;
  readonly #metrics = new Metrics();
  readonly #stack: Stack;
  #doors: DoorConnections | undefined;
  #gateway: Gateway | undefined;
  #epoch = 0;
  #console: Console | undefined;
  #admin: AdminServer | undefined;

  /** Made, not started. */
  static async create(options: SpillwayOptions & { adapters: Adapters }): Promise<Spillway> {
    const log = eventLog(options.logger);
    const internalErrors = new InternalErrors({ report: log });
    const report: Report = (event) => {
      if (event.type === 'internal-error')
        internalErrors.count((event as InternalErrorEvent).where);
      log(event);
    };
    const self = new ThisProcess(options.config, options.roles);
    const parts = await createParts(options.config, options.adapters, report, self);
    return new Spillway({ parts, self, report, internalErrors }, options);
  }

  private constructor(
    { parts, self, report, internalErrors }: Made,
    { config, roles }: SpillwayOptions,
  ) {
    this.#config = config;
    this.#roles = roles;
    this.#report = report;
    this.#internalErrors = internalErrors;
    this.#crashRecord = new CrashRecord({ report: this.#report });
    this.#consumers = new Consumers(parts, roles, this.#report, this.#crashRecord);
    this.#parts = {
      ...parts,
      pipeline: this.#consumers,
      ...(this.#has('gateway') && { liveSpills: () => this.#liveSpills() }),
    };
    this.#control = new ControlServer(this.#parts);
    const resources = resourcesFor(roles);
    this.#safety = new Safety({ parts: this.#parts, resources, report: this.#report });
    this.#stack = new Stack(this.#components());
    this.#self = self;
    self.observe({
      health: () => this.#stack.health(),
      dependencies: () => parts.dependencies.states(),
      gateway: () => this.#gateway,
      unsafe: () => this.#safety.allowed,
    });
  }

  get parts(): Parts {
    return this.#parts;
  }

  /** Whether this process owns the data folder. */
  get hasFolder(): boolean {
    return isAll(this.#roles);
  }

  get addresses(): SpillwayAddresses {
    const { http, grpc = '' } = this.#gateway?.addresses ?? {};
    const scheme = this.#config.gateway.certFile ? 'https' : 'http';
    return {
      otlpHttp: http ? `${scheme}://${http}` : '',
      otlpGrpc: grpc,
      console: this.#console?.address ?? '',
      admin: this.#admin?.address ?? '',
    };
  }

  /** Throws before touching anything when the folder is in use or of a newer version. */
  async start(progress?: Progress): Promise<void> {
    checkRoles(this.#config, this.#roles);
    if (this.#has('gateway')) checkGatewayConfig(this.#config.gateway);
    if (this.#has('console')) checkConsoleConfig(this.#config.console);
    this.#doors = doorsWithin(descriptorLimit(), {
      config: this.#config,
      roles: this.#roles,
      report: this.#report,
    });
    if (this.hasFolder) this.#openFolder();
    await startIn(this.#stack, this.hasFolder ? this.#parts.folder.dir : undefined, progress);
    this.#registerMetrics();
    if (!this.hasFolder) return;
    this.#parts.folder.writeRunFile({
      pid: process.pid,
      startedAt: new Date().toISOString(),
      control: this.#control.path,
      addresses: this.addresses,
    });
  }

  async stop(): Promise<void> {
    this.#self.stopping();
    if (this.hasFolder && this.#gateway) this.#parts.folder.removeRunFile();
    await this.#stack.stop();
  }

  health(): Health {
    const failing = this.#stack.health().filter(({ ok }) => !ok);
    const detail = failing.map((part) => `${part.name}: ${part.detail}`).join('; ');
    return { ok: failing.length === 0, detail: detail || 'all components are healthy' };
  }

  #openFolder(): void {
    const { folder } = this.#parts;
    folder.open();
    for (const path of makePrivate(folder.dir)) {
      const message = 'others may read it, and its mode cannot be changed';
      this.#report({ type: 'not-private', path, message } as SomeEvent);
    }
  }

  #has(role: Role): boolean {
    return this.#roles.includes(role);
  }

  #components(): Component[] {
    const specs = topicSpecs(this.#config.broker.partitions);
    const { broker, folder, dependencies } = this.#parts;
    const [first, ...stores] = resourcesFor(this.#roles).map((resource) =>
      this.#resource(resource),
    );
    const lock = this.hasFolder ? [new FolderLock(folder.dir)] : [];
    return [
      ...lock,
      asComponent('fleet', dependencies),
      ...this.#spill(),
      ...this.#withBroker([
        ...(first ? [first] : []),
        ...stores,
        step('safety', () => this.#safety.check()),
        step('topics', () => broker.ensureTopics(specs)),
        ...this.#watches(),
      ]),
      ...this.#consumersBeside(),
      ...(this.hasFolder ? [this.#control] : []),
      this.#has('console')
        ? late('console', () => this.#createConsole())
        : late('admin', () => this.#createAdmin()),
      ...(this.#has('gateway') ? this.#gatewayComponents() : []),
      // Last: until the process is ready, such an error ends it.
      this.#internalErrors,
    ];
  }

  /** Watches over the data folder. */
  #watches(): Component[] {
    if (!this.hasFolder) return [];
    const { folder } = this.#parts;
    const dir = isEmbedded(this.#config, 'broker') ? folder.path('log') : folder.dir;
    return [new DiskWatch({ dir }), setAsideOf(this.#parts, this.#report)];
  }

  /** A gateway alone knows from its spill what it has to know of the broker, after its first start. */
  #withBroker(parts: readonly Component[]): readonly Component[] {
    if (this.#roles.length > 1 || !this.#has('gateway')) return parts;
    const canWait = async (): Promise<boolean> => {
      const topics = await this.#parts.spillFolder.spill?.readValue(topicsName);
      return topics !== undefined;
    };
    return [new DeferredStart({ parts, canWait, report: this.#report })];
  }

  /** Nothing where the gateway has no folder for it. */
  #spill(): Component[] {
    const { spillFolder, folder } = this.#parts;
    const { dir, bytesMax } = this.#config.gateway.spill;
    const place = dir || (this.hasFolder ? folder.path('spill') : '');
    if (!place || !this.#has('gateway')) return [];
    const [gateway, report] = [gatewayName(this.#config), this.#report];
    return [spillFolder.component({ dir: place, gateway, bytesMax, report })];
  }

  #liveSpills(): NotedSpill[] {
    return this.#parts.spillFolder.notes({
      gateway: gatewayName(this.#config),
      epoch: this.#epoch,
    });
  }

  #resource(resource: Resource): Component {
    const { broker, writeStore, search, live } = this.#parts;
    switch (resource) {
      case 'broker':
        return {
          ...asComponent(isEmbedded(this.#config, 'broker') ? 'log' : broker.name, broker),
          health: () => this.#unlessSpilling(broker.health()),
        };
      case 'writeStore':
        return asComponent('write store', writeStore);
      case 'search':
        return asComponent('search store', search.store);
      case 'live':
        return asComponent('live store', live);
    }
  }

  /** While the gateway can spill, a broker that is away does not keep clients from being served. */
  #unlessSpilling(health: Health): Health {
    const { broker, spillFolder } = this.#parts;
    const spills = !broker.health().ok && spillFolder.spill && this.#gateway?.health().ok;
    return health.ok || !spills ? health : { ok: true, detail: `away: ${health.detail}` };
  }

  /** Consumers wait for the broker while it is away. */
  #consumersBeside(): Component[] {
    const consumers = this.#consumers.components.map((component) => ({
      ...asComponent(component.name, component),
      health: () => this.#unlessSpilling(component.health()),
    }));
    if (!consumers.length) return [];
    const { dir } = this.#parts.folder;
    const kind = this.hasFolder ? undefined : this.#consumers.groups.join('+');
    return [new CrashRecordFile({ crashRecord: this.#crashRecord, dir, kind }), ...consumers];
  }

  #registerMetrics(): void {
    registerMetrics(this.#metrics, {
      lagBoard: this.#parts.lagBoard,
      gateway: this.#gateway,
      quotas: this.#parts.quotas,
      consumers: this.#consumers,
      live: this.#parts.live,
      unsafe: () => this.#safety.allowed,
      dependencies: this.#parts.dependencies,
      internalErrors: this.#internalErrors,
      health: () => this.#stack.health(),
    });
  }

  #gatewayComponents(): Component[] {
    const { quotas } = this.#parts;
    const gateway = late('gateway', () => this.#createGateway());
    return quotas ? [asComponent('quotas', quotas), gateway] : [gateway];
  }

  #createGateway(): Component {
    const { broker, folder, quotas, spillFolder, dependencies } = this.#parts;
    this.#epoch = this.hasFolder ? folder.nextEpoch(Date.now()) : Date.now();
    const { gateway } = this.#config;
    const connectionsMax = this.#doors?.http ?? gateway.connectionsMax;
    const config = { ...gateway, connectionsMax };
    this.#gateway = createGateway({
      config,
      broker,
      ...(quotas && { quotas }),
      name: gatewayName(this.#config),
      epoch: this.#epoch,
      spill: spillFolder.spill,
      dependencies,
      messageBytesMax: this.#config.broker[this.#config.broker.kind].messageBytesMax,
      report: this.#report,
    });
    return this.#gateway;
  }

  #keys(configKey: string, file: string): KeyRing | undefined {
    return file ? new KeyRing({ file, configKey, report: this.#report }) : undefined;
  }

  #createAdmin(): Component {
    const { host, port, keysFile } = this.#config.admin;
    const keys = this.#keys('admin.keysFile', keysFile);
    const health = () => this.#stack.health();
    const connectionsMax = this.#doors?.console ?? this.#config.console.connectionsMax;
    const metrics = this.#metrics;
    this.#admin = new AdminServer({ host, port, connectionsMax, keys, metrics, health });
    return keys ? chain('admin', [keys, this.#admin]) : this.#admin;
  }

  #createConsole(): Component {
    const { lagBoard, search, live, deadLetters, dependencies } = this.#parts;
    const keys = this.#keys('console.keysFile', this.#config.console.keysFile);
    const { connectionsMax } = this.#config.console;
    const page = createConsole({
      config: {
        ...this.#config.console,
        connectionsMax: this.#doors?.console ?? connectionsMax,
      },
      lagBoard,
      search: search.store,
      live,
      groups: { writer: writerGroup, search: searchGroup, live: liveGroup },
      keys,
      deadLetters,
      // Where the folders lie is the operator's business, not a tenant's.
      ledger: async ({ since, tenant, ending }) => {
        const options = { sinceMs: since, tenant, ending, ...ledgerLimits(this.#config.console) };
        return { ...(await auditLedger(this.#parts, options)), keptAside: [] };
      },
      admin: {
        ready: () => ({ ok: this.health().ok, components: this.#stack.health() }),
        metrics: (options) => this.#metrics.text(options),
        fleet: () => readFleet(dependencies, this.#self, this.#config.fleet.reportersMin),
      },
      clock: Date.now,
      report: this.#report,
    });
    this.#console = page;
    return keys ? chain('console', [keys, page]) : page;
  }
}
