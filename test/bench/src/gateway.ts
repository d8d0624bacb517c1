import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startKafka } from '@spillway/native';
import { figure, printFigures, processCpuMicros } from './measure.ts';
import { collectorBinary, collectorConfig } from './peers.ts';
import { post } from './post.ts';
import { spanRequest, spansPerRequest } from './requests.ts';

const server = fileURLToPath(new URL('./gateway-server.ts', import.meta.url));
const connections = 32;
/** Long rounds behind a long warm-up: a server's steady state, not its compiler's. */
const requestsPerRound = 20_000;
const warmUpRequests = 10_000;
const rounds = 3;

type Kafka = Awaited<ReturnType<typeof startKafka>>;

interface Side {
  name: string;
  start: (dir: string) => Promise<{ child: ChildProcess; address: string }>;
}

interface Cost {
  /** CPU µs per request. */
  side: number;
  broker: number;
}

/**
 * OTLP/HTTP protobuf until the records are durable, over 4 partitions: in Kafka with acks=all and in
 * the embedded log with fsync, beside the OpenTelemetry Collector on the same Kafka and a Node server
 * that reads and discards. Alternating rounds in one run.
 */
export async function benchGateway(): Promise<void> {
  const bodies = Array.from({ length: 200 }, (_, i) => spanRequest(i));
  const kafka = await startKafka();
  const sides = sidesOn(kafka);
  const costs = new Map<string, Cost[]>(sides.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const side of sides) {
      costs.get(side.name)?.push(await measure(side, kafka, bodies));
    }
  }
  await kafka.remove();
  const size = bodies[0]?.length;
  const title = `gateway, requests of ${spansPerRequest} spans, ${size} bytes`;
  const figures = [...costs].flatMap(([name, each]) =>
    each.map(({ side }, i) => figure(`${name}, round ${i + 1}`, side, 1)),
  );
  printFigures(title, 'request', figures);
  printRatios(costs);
}

const gatewayName = 'Spillway, after Kafka';

function sidesOn(kafka: Kafka): Side[] {
  const bootstrap = kafka.bootstrap.join(',');
  const otelcol = collectorBinary();
  const collector = (byTraceId: boolean) => async (dir: string) => {
    const { http, args } = await collectorConfig({ dir, bootstrap, byTraceId });
    const child = spawn(otelcol as string, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    await untilListening(http);
    return { child, address: http };
  };
  const peers = [
    { name: 'Collector, after Kafka', start: collector(false) },
    { name: 'Collector, after Kafka, by trace id', start: collector(true) },
  ];
  return [
    { name: 'Node, read and discard', start: () => ours('floor') },
    { name: gatewayName, start: () => ours('kafka', bootstrap) },
    ...(otelcol ? peers : []),
    { name: 'Spillway, after the embedded log', start: (dir) => ours('embedded', dir) },
  ];
}

async function ours(...words: string[]) {
  const child = spawn(process.execPath, [server, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { child, address: String((await once(child.stdout, 'data'))[0]).trim() };
}

async function measure(side: Side, kafka: Kafka, bodies: readonly Uint8Array[]): Promise<Cost> {
  const dir = mkdtempSync(join(tmpdir(), 'spillway-bench-'));
  const { child, address } = await side.start(dir);
  const pid = child.pid as number;
  const brokerMicros = () =>
    kafka.servers.reduce((sum, server) => sum + server.cpuSeconds() * 1e6, 0);
  await load(address, bodies, warmUpRequests);
  const [before, brokerBefore] = [processCpuMicros(pid), brokerMicros()];
  await load(address, bodies, requestsPerRound);
  const cost = {
    side: (processCpuMicros(pid) - before) / requestsPerRound,
    broker: (brokerMicros() - brokerBefore) / requestsPerRound,
  };
  await end(child);
  rmSync(dir, { recursive: true });
  return cost;
}

function printRatios(costs: ReadonlyMap<string, readonly Cost[]>): void {
  const best = mean(costs.get(gatewayName) ?? []);
  process.stdout.write('\n  mean of the rounds, as a multiple of ours; CPU of the broker\n');
  for (const [name, each] of costs) {
    const { side, broker } = mean(each);
    const times = (side / best.side).toFixed(2);
    const spans = Math.round((spansPerRequest * 1e6) / side);
    process.stdout.write(
      `  ${name.padEnd(36)}${side.toFixed(0).padStart(6)} µs${times.padStart(8)} times` +
        `${spans.toString().padStart(10)} spans per CPU-second` +
        `${broker.toFixed(0).padStart(8)} µs of the broker\n`,
    );
  }
}

function mean(costs: readonly Cost[]): Cost {
  const of = (read: (cost: Cost) => number) =>
    costs.reduce((sum, cost) => sum + read(cost), 0) / costs.length;
  return { side: of(({ side }) => side), broker: of(({ broker }) => broker) };
}

async function load(address: string, bodies: readonly Uint8Array[], count: number): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const status = await post(`http://${address}`, bodies[next++ % bodies.length] as Uint8Array);
      if (status !== 200) throw new Error(`answered ${status}`);
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
}

async function untilListening(address: string): Promise<void> {
  const [host, port] = address.split(':');
  for (let tries = 0; tries < 300; tries++) {
    const socket = connect({ host: host as string, port: Number(port) });
    const open = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (open) return;
    await sleep(100);
  }
  throw new Error(`nothing listens on ${address}`);
}

async function end(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
