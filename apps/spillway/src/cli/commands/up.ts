import {
  ConfigError,
  createLogger,
  type LoadedConfig,
  type Progress,
  shutdownOnSignals,
} from '@spillway/runtime';
import { Argument, Command } from 'commander';
import type { SpillwayConfig } from '../../config.ts';
import { applyPlan } from '../../memory/apply-plan.ts';
import { givenMemory } from '../../memory/given-memory.ts';
import { nodeFlags } from '../../memory/node-flags.ts';
import { type MemoryPlan, planMemory } from '../../memory/plan-memory.ts';
import { eventKinds } from '../../modules/events.ts';
import { gatewayModule } from '../../modules/roles/gateway.ts';
import { eventLog } from '../../process/event-log.ts';
import type { ProcessEvent } from '../../process/process-events.ts';
import { checkPlacements } from '../../registry/placement.ts';
import type { Registry } from '../../registry/registry.ts';
import { Spillway } from '../../spillway.ts';
import { OperationError } from '../operation-error.ts';
import { optionalPackage } from '../optional-package.ts';
import { type Context, configOf, print } from './context.ts';

export function upCommand(context: Context): Command {
  const { roles } = context.registry;
  return new Command('up')
    .description('run everything in one process, or only some roles of it on shared servers')
    .addArgument(
      new Argument('[role...]', 'roles of this process; all of them when none is named').choices(
        roles,
      ),
    )
    .option('--demo', "add a small shop's traffic, so that there is something to see")
    .action((chosen: string[], options: { demo?: boolean }, command: Command) =>
      up(context, command, { ...options, roles: chosen.length ? chosen : roles }),
    );
}

interface UpOptions {
  demo?: boolean;
  roles: readonly string[];
}

async function up(context: Context, command: Command, options: UpOptions): Promise<void> {
  const { registry } = context;
  const { roles } = options;
  const target = registry.target(roles);
  const { config, shrunk, given } = fitted(configOf(context, command), { registry, roles });
  if (options.demo) demandOpenDoor(config.gateway, target.has(gatewayModule));
  const shop = options.demo
    ? await optionalPackage('@spillway/demo', () => import('@spillway/demo'))
    : undefined;
  const logger = createLogger(config.log);
  const report: (event: ProcessEvent) => void = eventLog({ logger, kinds: eventKinds });
  if (shrunk.length) report({ type: 'limits-lowered', keys: shrunk, memory: given });
  const startedAt = performance.now();
  const spillway = await Spillway.create({ config, registry, logger, roles });
  let demo: { stop(): Promise<void> } | undefined;
  shutdownOnSignals({
    deadlineMs: config.stop.deadlineMs,
    log: (message) => report({ type: 'shutdown', message }),
    stop: async () => {
      await demo?.stop();
      await spillway.stop();
    },
  });
  await spillway.start(progressOn(process.stderr));
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  print(
    [
      `Spillway is ready after ${seconds} s.`,
      ...placesOf(spillway, roles.length < registry.roles.length ? roles : []),
    ].join('\n'),
  );
  if (shop) {
    demo = await shop.runDemo({ httpEndpoint: spillway.addresses.otlpHttp });
    print('  Demo       a small shop is sending');
  }
}

/** In the memory that there is; the process may start again in its own place for it. */
function fitted(
  loaded: LoadedConfig<SpillwayConfig>,
  { registry, roles }: { registry: Registry; roles: readonly string[] },
): MemoryPlan {
  checkPlacements(loaded.config, registry.target(roles));
  const flags = nodeFlags();
  const given = givenMemory(loaded.config.process.memoryBytes);
  const plan = planMemory({ loaded, registry, roles, given, flags });
  applyPlan(plan, flags);
  return plan;
}

/** @param roles named where they are not all */
function placesOf(spillway: Spillway, roles: readonly string[]): string[] {
  const { otlpGrpc, otlpHttp, console: page, admin } = spillway.addresses;
  const places = {
    Roles: roles.join(', '),
    'OTLP/gRPC': otlpGrpc,
    'OTLP/HTTP': otlpHttp,
    Console: page,
    Admin: admin,
    Data: spillway.dataDir,
  };
  return Object.entries(places)
    .filter(([, place]) => place)
    .map(([name, place]) => `  ${name.padEnd(9)}  ${place}`);
}

/** The demo's SDK has no key and trusts no private certificate. */
function demandOpenDoor(gateway: SpillwayConfig['gateway'], isHere: boolean): void {
  if (!isHere) throw new OperationError('--demo needs the role gateway');
  const problems = (['keysFile', 'certFile'] as const)
    .filter((key) => gateway[key])
    .map((key) => ({
      key: `gateway.${key}`,
      wanted: 'nothing with --demo, which sends without keys and TLS',
      got: `"${gateway[key]}"`,
      source: '--demo',
    }));
  if (problems.length) throw new ConfigError(problems);
}

function progressOn(stream: NodeJS.WriteStream): Progress {
  return {
    starting: (name) => void (stream.isTTY && stream.write(`starting ${name} …`)),
    started: (name, tookMs) => {
      const start = stream.isTTY ? '\r\u001b[K' : '';
      stream.write(`${start}started ${name} in ${Math.round(tookMs)} ms\n`);
    },
  };
}
