import {
  type Component,
  ConfigError,
  type Health,
  InternalErrors,
  isInternalError,
  type Logger,
  type Progress,
  Stack,
} from '@spillway/runtime';
import type { SpillwayConfig } from './config.ts';
import { makePrivate } from './folder/private-folder.ts';
import { metricSources } from './metrics/metric-sources.ts';
import { eventKinds } from './modules/events.ts';
import { measured, observed } from './modules/observed.ts';
import { controlModule } from './modules/process/control.ts';
import { dataFolderModule } from './modules/process/data-folder.ts';
import { gatewayModule } from './modules/roles/gateway.ts';
import { descriptorLimit } from './process/descriptors.ts';
import { doorsWithin } from './process/doors-within.ts';
import { eventLog, type Report } from './process/event-log.ts';
import { HostProcess } from './process/host-process.ts';
import type { ProcessEvent } from './process/process-events.ts';
import { startIn } from './process/start-in.ts';
import { ThisProcess } from './process/this-process.ts';
import { Assembly } from './registry/assembly.ts';
import type { Addresses, ModuleContext } from './registry/module.ts';
import { checkPlacements } from './registry/placement.ts';
import type { Registry } from './registry/registry.ts';

/** Options of a Spillway process. */
export interface SpillwayOptions {
  config: SpillwayConfig;
  logger: Logger;
  registry: Registry;
  roles: readonly string[];
}

/**
 * One process of the pipeline: every role at once on one data folder, or some of them on shared
 * servers. Which modules it has, and in which order they start, is what the modules declare.
 */
export class Spillway implements Component {
  readonly name = 'spillway';
  readonly #context: ModuleContext;
  readonly #assembly: Assembly;
  readonly #internalErrors: InternalErrors;
  readonly #stack: Stack;
  readonly #process: HostProcess;

  /** Made, not started. */
  static async create({ config, logger, registry, roles }: SpillwayOptions): Promise<Spillway> {
    const log = eventLog({ logger, kinds: eventKinds });
    const internalErrors = new InternalErrors({ report: log });
    const report: Report = (event) => {
      if (isInternalError(event)) internalErrors.count(event.where);
      log(event);
    };
    const target = registry.target(roles);
    const process = new HostProcess(new ThisProcess(config, target));
    const context = { config, report, registry, target, process };
    const assembly = await Assembly.make(context);
    return new Spillway({ context, process, assembly, internalErrors });
  }

  private constructor(made: {
    context: ModuleContext;
    process: HostProcess;
    assembly: Assembly;
    internalErrors: InternalErrors;
  }) {
    const { context, process, assembly, internalErrors } = made;
    this.#context = context;
    this.#assembly = assembly;
    this.#process = process;
    this.#internalErrors = internalErrors;
    // Internal errors last: until the process is ready, such an error ends it.
    this.#stack = new Stack([...assembly.components(), internalErrors]);
    process.assembled(assembly, this.#stack);
    process.self.observe({ ...observed(assembly), health: () => this.#stack.health() });
  }

  /** The data folder, where it is this process's own; '' else. */
  get dataDir(): string {
    const { ownsFolder } = this.#context.target;
    return (ownsFolder && this.#assembly.get(dataFolderModule)?.dir) || '';
  }

  get addresses(): Addresses {
    return this.#assembly.addresses();
  }

  /** Throws before touching anything when the folder is in use or of a newer version. */
  async start(progress?: Progress): Promise<void> {
    const { config, target } = this.#context;
    checkPlacements(config, target);
    checkModules(this.#context);
    this.#process.setDoors(doorsWithin(descriptorLimit(), this.#context));
    const folder = target.ownsFolder ? this.#assembly.get(dataFolderModule) : undefined;
    folder?.open();
    if (folder) this.#makePrivate(folder.dir);
    await startIn(this.#stack, folder?.dir, progress);
    const sources = metricSources({
      ...measured(this.#assembly),
      internalErrors: this.#internalErrors,
      health: () => this.#stack.health(),
    });
    for (const source of sources) this.#process.metrics.add(source);
    folder?.writeRunFile({
      pid: process.pid,
      startedAt: new Date().toISOString(),
      control: this.#assembly.get(controlModule)?.path ?? '',
      addresses: this.addresses,
    });
  }

  async stop(): Promise<void> {
    this.#process.self.stopping();
    const hasRunFile =
      this.#context.target.ownsFolder && this.#assembly.get(gatewayModule)?.gateway;
    if (hasRunFile) this.#assembly.get(dataFolderModule)?.removeRunFile();
    await this.#stack.stop();
  }

  health(): Health {
    const failing = this.#stack.health().filter(({ ok }) => !ok);
    const detail = failing.map((part) => `${part.name}: ${part.detail}`).join('; ');
    return { ok: failing.length === 0, detail: detail || 'all components are healthy' };
  }

  #makePrivate(dir: string): void {
    const report: (event: ProcessEvent) => void = this.#context.report;
    for (const path of makePrivate(dir)) {
      const message = 'others may read it, and its mode cannot be changed';
      report({ type: 'not-private', path, message });
    }
  }
}

/** @throws ConfigError which names everything that is wrong in any of them */
function checkModules({ config, target }: ModuleContext): void {
  const problems = target.modules.flatMap((module) => {
    try {
      module.check?.(config);
      return [];
    } catch (error) {
      if (error instanceof ConfigError) return error.problems;
      throw error;
    }
  });
  if (problems.length) throw new ConfigError(problems);
}
