export interface KafkaNode {
  id: number;
  clientPort: number;
  /** Where clients are sent: `host:port`. */
  advertised: string;
  internalPort: number;
  controllerPort: number;
}

export interface KafkaSecrets {
  username: string;
  password: string;
  keyStoreFile: string;
}

export interface NodeSettings {
  node: KafkaNode;
  /** All nodes of the cluster, this one too: each is broker and controller. */
  nodes: readonly KafkaNode[];
  dataDir: string;
  secrets?: KafkaSecrets | undefined;
  /** What the caller wants, which wins. */
  config: Readonly<Record<string, string>>;
}

/** The `server.properties` of one node. Brokers speak among themselves in the clear, on loopback. */
export function serverProperties(settings: NodeSettings): string {
  const { node, nodes, dataDir, secrets, config } = settings;
  const properties: Record<string, string | number> = {
    'process.roles': 'broker,controller',
    'node.id': node.id,
    'controller.quorum.voters': nodes
      .map(({ id, controllerPort }) => `${id}@127.0.0.1:${controllerPort}`)
      .join(','),
    listeners: `${brokerListeners(node, `127.0.0.1:${node.clientPort}`)},CONTROLLER://127.0.0.1:${node.controllerPort}`,
    'advertised.listeners': brokerListeners(node, node.advertised),
    'listener.security.protocol.map': `CLIENT:${secrets ? 'SASL_SSL' : 'PLAINTEXT'},INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'INTERNAL',
    'log.dirs': dataDir,
    ...replication(nodes.length),
    ...small,
    ...(secrets && security(secrets)),
    ...config,
  };
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${String(value).replaceAll('\\', '\\\\')}\n`)
    .join('');
}

/** Every topic, the internal ones too, is on all brokers and takes writes while one is down. */
function replication(brokers: number): Record<string, number> {
  const inSyncMin = Math.max(1, brokers - 1);
  return {
    'default.replication.factor': brokers,
    'min.insync.replicas': inSyncMin,
    'offsets.topic.replication.factor': brokers,
    'transaction.state.log.replication.factor': brokers,
    'transaction.state.log.min.isr': inSyncMin,
    'share.coordinator.state.topic.replication.factor': brokers,
    'share.coordinator.state.topic.min.isr': inSyncMin,
  };
}

/** For a machine that runs tests: few partitions and threads, quick to notice who has gone. */
const small: Record<string, string | number> = {
  'auto.create.topics.enable': 'false',
  'offsets.topic.num.partitions': 4,
  'transaction.state.log.num.partitions': 4,
  'share.coordinator.state.topic.num.partitions': 4,
  'group.initial.rebalance.delay.ms': 0,
  'group.min.session.timeout.ms': 1000,
  // A broker that was killed cannot register again before the controller has given it up.
  'broker.heartbeat.interval.ms': 500,
  'broker.session.timeout.ms': 4000,
  'num.network.threads': 2,
  'num.io.threads': 4,
  'log.cleaner.dedupe.buffer.size': 8 * 1024 * 1024,
};

function security({ username, password, keyStoreFile }: KafkaSecrets): Record<string, string> {
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
  const client = 'listener.name.client';
  return {
    [`${client}.sasl.enabled.mechanisms`]: 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    [`${client}.plain.sasl.jaas.config`]: `org.apache.kafka.common.security.plain.PlainLoginModule required user_${username}="${password}";`,
    [`${client}.scram-sha-256.sasl.jaas.config`]: scram,
    [`${client}.scram-sha-512.sasl.jaas.config`]: scram,
    [`${client}.ssl.keystore.type`]: 'PEM',
    [`${client}.ssl.keystore.location`]: keyStoreFile,
  };
}

function brokerListeners({ internalPort }: KafkaNode, client: string): string {
  return `CLIENT://${client},INTERNAL://127.0.0.1:${internalPort}`;
}
