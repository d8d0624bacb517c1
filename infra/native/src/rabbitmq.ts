import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ask } from './ask.ts';
import { openDataFolder, unlessRoot } from './data-folder.ts';
import { startIn } from './lifetime.ts';
import { NativeProcess } from './native-process.ts';
import { findPrograms } from './packages.ts';
import { freePort } from './ports.ts';
import { run } from './run.ts';
import type { NativeServer, Placement } from './server.ts';

/** Options of a RabbitMQ server. */
export interface RabbitMqOptions extends Placement {
  /** Settings of rabbitmq.conf. */
  config?: Readonly<Record<string, string>>;
}

/** A running RabbitMQ server. */
export interface RabbitMqServer {
  url: string;
  /** URL of the management API, with the user's name and password in it. */
  managementUrl: string;
  server: NativeServer;
  /** `rabbitmqctl` with these arguments. */
  control(...args: string[]): Promise<void>;
  /** Ends it and deletes its data. */
  remove(): Promise<void>;
}

interface Ports {
  amqp: number;
  management: number;
  distribution: number;
  /**
   * Port of a port mapper of its own: a shared one would outlive it, and know two nodes of one
   * name.
   */
  mapper: number;
}

/** The user of a new RabbitMQ, which takes it from this machine only. */
const user = 'guest';
const password = 'guest';
const startTimeoutMs = 120_000;

/** Its parent is the server, whose end it does not survive. */
const withMapper = `
setpriv --pdeathsig=KILL epmd -address 127.0.0.1 -port "$ERL_EPMD_PORT" &
until epmd -port "$ERL_EPMD_PORT" -names >/dev/null 2>&1; do sleep 0.05; done
exec "$0"`;

/** One RabbitMQ with its management plugin. `ports`: AMQP, management. */
export async function startRabbitMq(options: RabbitMqOptions = {}): Promise<RabbitMqServer> {
  const program = await findRabbitMq();
  const ports: Ports = {
    amqp: await freePort(options.ports?.[0]),
    management: await freePort(options.ports?.[1]),
    distribution: await freePort(),
    mapper: await freePort(),
  };
  const folder = await openDataFolder('rabbitmq', options, unlessRoot('rabbitmq'));
  const managementAddress = `127.0.0.1:${ports.management}`;
  const server = new NativeProcess({
    name: 'rabbitmq',
    address: `127.0.0.1:${ports.amqp}`,
    command: ['sh', '-c', withMapper, program],
    dir: folder.dir,
    env: environment(folder.dir, ports),
    user: unlessRoot('rabbitmq'),
    stopSignal: 'SIGTERM',
    answers: async () =>
      (await rabbitMqAnswers(ports.amqp)) && (await isManaged(managementAddress)),
    startTimeoutMs,
    outlive: options.outlive,
  });
  const remove = await startIn(folder, [server], async () => {
    await configure(folder.dir, ports, options.config);
    await server.start();
  });
  const url = `amqp://${user}:${password}@${server.address}`;
  const control = async (...args: string[]): Promise<void> => {
    const env = environment(folder.dir, ports);
    await run([join(dirname(program), 'rabbitmqctl'), ...args], { env, timeoutMs: startTimeoutMs });
  };
  const login = `${user}:${password}`;
  return { url, managementUrl: `http://${login}@${managementAddress}`, server, control, remove };
}

async function findRabbitMq(): Promise<string> {
  // Debian's /usr/sbin/rabbitmq-server only switches the user before it calls this one.
  const folders = async () => ['/usr/lib/rabbitmq/bin'];
  const debianPackage = 'rabbitmq-server';
  const [program = ''] = await findPrograms([
    { name: 'rabbitmq-server', debianPackage, folders, units: ['rabbitmq-server', 'epmd.socket'] },
    { name: 'epmd', debianPackage: 'erlang-base' },
  ]);
  return program;
}

async function configure(
  dir: string,
  { amqp, management }: Ports,
  config: RabbitMqOptions['config'],
): Promise<void> {
  const settings = {
    'listeners.tcp.1': `127.0.0.1:${amqp}`,
    'management.tcp.ip': '127.0.0.1',
    'management.tcp.port': management,
    default_user: user,
    default_pass: password,
    'raft.wal_max_size_bytes': 64 * 1024 * 1024,
    ...config,
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key} = ${value}\n`);
  await writeFile(join(dir, 'rabbitmq.conf'), lines.join(''));
  await writeFile(join(dir, 'enabled_plugins'), '[rabbitmq_management].\n');
  await writeFile(join(dir, 'rabbitmq-env.conf'), '');
}

function environment(dir: string, { distribution, mapper }: Ports): Record<string, string> {
  return {
    HOME: dir, // where Erlang keeps its cookie
    detached: 'yes', // the start script becomes the server instead of waiting for it
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_EPMD_PORT: String(mapper),
    RABBITMQ_NODENAME: 'spillway@localhost',
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    RABBITMQ_CONF_ENV_FILE: join(dir, 'rabbitmq-env.conf'),
    RABBITMQ_CONFIG_FILE: join(dir, 'rabbitmq.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, 'enabled_plugins'),
    RABBITMQ_FEATURE_FLAGS_FILE: join(dir, 'feature_flags'),
    RABBITMQ_MNESIA_BASE: join(dir, 'data'),
    RABBITMQ_PID_FILE: join(dir, 'pid'),
    RABBITMQ_LOGS: '-',
  };
}

/** A server greets who sends it the protocol header: Connection.Start in a method frame. */
export async function rabbitMqAnswers(port: number): Promise<boolean> {
  const frameHeadBytes = 7;
  const answer = await ask({
    port,
    send: 'AMQP\0\0\x09\x01',
    isWhole: ({ length }) => length > frameHeadBytes + 4,
  });
  return answer[0] === 1 && answer.readUInt32BE(frameHeadBytes) === (10 << 16) + 10;
}

async function isManaged(address: string): Promise<boolean> {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const response = await fetch(`http://${address}/api/overview`, { headers: { authorization } });
  await response.body?.cancel();
  return response.ok;
}
