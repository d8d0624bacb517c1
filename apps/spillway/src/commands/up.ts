import { ConfigError, createLogger, type Progress, shutdownOnSignals } from '@spillway/runtime';
import { Command } from 'commander';
import type { SpillwayConfig } from '../config.ts';
import { startDemo } from '../demo/index.ts';
import { Spillway } from '../spillway.ts';
import { type Context, configOf, print } from './context.ts';

export function upCommand(context: Context): Command {
  return new Command('up')
    .description('run everything in one process on one data folder')
    .option('--demo', "add a small shop's traffic, so that there is something to see")
    .action((options: { demo?: boolean }, command: Command) => up(context, command, options));
}

async function up(context: Context, command: Command, options: { demo?: boolean }): Promise<void> {
  const { config } = configOf(context, command);
  if (options.demo) demandOpenDoor(config.gateway);
  const logger = createLogger(config.log);
  const startedAt = performance.now();
  const spillway = new Spillway({ config, adapters: context.adapters, logger });
  let demo: { stop(): Promise<void> } | undefined;
  shutdownOnSignals({
    deadlineMs: config.stop.deadlineMs,
    log: (message) => logger.info({ type: 'shutdown', message }),
    stop: async () => {
      await demo?.stop();
      await spillway.stop();
    },
  });
  await spillway.start(progressOn(process.stderr));
  const { otlpGrpc, otlpHttp, console: page } = spillway.addresses;
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  print(
    [
      `Spillway is ready after ${seconds} s.`,
      `  OTLP/gRPC  ${otlpGrpc}`,
      `  OTLP/HTTP  ${otlpHttp}`,
      `  Console    ${page}`,
      `  Data       ${spillway.parts.folder.dir}`,
    ].join('\n'),
  );
  if (options.demo) {
    demo = await startDemo({ httpEndpoint: otlpHttp });
    print('  Demo       a small shop is sending');
  }
}

/** The demo's SDK has no key and trusts no private certificate. */
function demandOpenDoor(gateway: SpillwayConfig['gateway']): void {
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
