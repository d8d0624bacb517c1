import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDataFolder } from '../data-folder.ts';
import { sharedClasses } from '../java.ts';
import { startIn } from '../lifetime.ts';
import { NativeProcess } from '../native-process.ts';
import { freePort } from '../ports.ts';
import type { NativeServer, Placement } from '../server.ts';
import { makeCertificates } from './certificates.ts';
import { formatNodes, formatOnce } from './format.ts';
import { installKafka, type KafkaInstallation } from './installation.ts';
import { liveBrokers } from './probe.ts';
import { type KafkaNode, type KafkaSecrets, serverProperties } from './properties.ts';

/** Options of a Kafka cluster. */
export interface KafkaOptions extends Placement {
  /** Each is broker and controller. Of 3, every topic is on all and two must have what is acknowledged. */
  brokers?: 1 | 3;
  /** Settings of server.properties, for every broker. */
  config?: Readonly<Record<string, string>>;
  /** Clients need TLS, and PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512. */
  security?: 'sasl_ssl';
  /** Where clients find the broker of this index, from 0: a proxy's `host:port`, say. */
  advertised?: (index: number) => string;
}

/** A running Kafka cluster. */
export interface KafkaServers {
  /** Addresses as advertised. */
  bootstrap: string[];
  /** In the order of their node ids, which begin with 1. */
  servers: NativeServer[];
  security?: KafkaClientSecurity;
  /** Ends them and deletes their data. */
  remove(): Promise<void>;
}

/** What a client needs to log in to brokers that demand it. */
export interface KafkaClientSecurity {
  caFile: string;
  username: string;
  password: string;
}

const startTimeoutMs = 120_000;
const pollMs = 50;

/** Kafka 4.1 in KRaft mode. `ports`: the client port of each broker. */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaServers> {
  const installation = await installKafka();
  const withOptions = (more: readonly string[]): KafkaInstallation => {
    return { ...installation, options: [...more, ...installation.options] };
  };
  const shared = await sharedClasses(installation, async (training) => {
    const { servers, remove } = await launch(withOptions(training), {});
    await Promise.all(servers.map((server) => server.stop()));
    await remove();
  });
  return launch(withOptions(shared), options);
}

async function launch(
  installation: KafkaInstallation,
  options: KafkaOptions,
): Promise<KafkaServers> {
  const nodes = await chooseNodes(options);
  const folder = await openDataFolder('kafka', options);
  const servers = nodes.map((node) => broker(installation, folder.dir, node, options));
  let secured: Secured | undefined;
  const remove = await startIn(folder, servers, async () => {
    if (options.security !== undefined) secured = await secure(installation, folder.dir);
    const formatted = secured?.formatted ?? installation.formatted;
    const folders = nodes.map(({ id }) => ({ id, dataDir: dataDir(folder.dir, id) }));
    await formatNodes(formatted, folders);
    const secrets = secured?.secrets;
    await configure({ dir: folder.dir, nodes, secrets, config: options.config });
    await Promise.all(servers.map((server) => server.start()));
    await untilAllSeeAll(nodes);
  });
  const bootstrap = nodes.map(({ advertised }) => advertised);
  return { bootstrap, servers, remove, ...(secured && { security: secured.client }) };
}

async function chooseNodes(options: KafkaOptions): Promise<KafkaNode[]> {
  const { brokers = 1, ports, advertised } = options;
  const nodes: KafkaNode[] = [];
  for (let id = 1; id <= brokers; id++) {
    const clientPort = await freePort(ports?.[id - 1]);
    nodes.push({
      id,
      clientPort,
      advertised: advertised?.(id - 1) ?? `127.0.0.1:${clientPort}`,
      internalPort: await freePort(),
      controllerPort: await freePort(),
    });
  }
  return nodes;
}

interface ClusterConfig {
  dir: string;
  nodes: readonly KafkaNode[];
  secrets: KafkaSecrets | undefined;
  config: KafkaOptions['config'];
}

async function configure({ dir, nodes, secrets, config = {} }: ClusterConfig): Promise<void> {
  for (const node of nodes) {
    const settings = { node, nodes, dataDir: dataDir(dir, node.id), secrets, config };
    await writeFile(propertiesFile(dir, node.id), serverProperties(settings), { mode: 0o600 });
  }
}

interface Secured {
  secrets: KafkaSecrets;
  /** A folder that knows the user. */
  formatted: string;
  client: KafkaClientSecurity;
}

async function secure(installation: KafkaInstallation, dir: string): Promise<Secured> {
  const { caFile, keyStoreFile } = await makeCertificates(dir);
  const login = { username: 'spillway', password: randomBytes(12).toString('hex') };
  const secrets: KafkaSecrets = { ...login, keyStoreFile };
  return {
    secrets,
    formatted: await formatOnce(dir, { installation, secrets }),
    client: { caFile, ...login },
  };
}

function broker(
  { program, options }: KafkaInstallation,
  dir: string,
  { id, clientPort, internalPort }: KafkaNode,
  { outlive }: Placement,
): NativeProcess {
  return new NativeProcess({
    name: `kafka-${id}`,
    address: `127.0.0.1:${clientPort}`,
    command: [program, ...options, 'kafka.Kafka', propertiesFile(dir, id)],
    dir,
    stopSignal: 'SIGTERM',
    answers: async () => (await liveBrokers(internalPort)).includes(id),
    startTimeoutMs,
    outlive,
  });
}

/** Until then, a topic with three replicas would be refused. */
async function untilAllSeeAll(nodes: readonly KafkaNode[]): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  for (const { id, internalPort } of nodes) {
    while ((await liveBrokers(internalPort).catch(() => [])).length < nodes.length) {
      if (Date.now() > deadline) throw new Error(`kafka-${id} does not see all brokers`);
      await sleep(pollMs);
    }
  }
}

function dataDir(dir: string, id: number): string {
  return join(dir, `data-${id}`);
}

function propertiesFile(dir: string, id: number): string {
  return join(dir, `kafka-${id}.properties`);
}
