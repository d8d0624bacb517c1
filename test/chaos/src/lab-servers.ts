import {
  freePort,
  type NativeServer,
  startElasticsearch,
  startKafka,
  startPostgres,
  startRabbitMq,
  startRedis,
} from '@spillway/native';
import { TcpProxy } from '@spillway/test-support';

export type ServerBroker = 'kafka' | 'rabbitmq';

/** A server, and the network between it and Spillway. */
export interface LabServer {
  name: string;
  server: NativeServer;
  proxy: TcpProxy;
}

/** The real servers of one run. Its own reading goes around the proxies. */
export interface LabServers {
  all: LabServer[];
  /** Of the processes of Spillway: through the proxies. */
  env: Record<string, string>;
  /** Of the commands of the lab. */
  directEnv: Record<string, string>;
  direct: DirectAccess;
  remove(): Promise<void>;
}

export interface DirectAccess {
  postgres: string;
  elasticsearch: string;
  redis: string;
  /** Of the brokers: `host:port` of each, through the proxies, since that is what they advertise. */
  kafka?: string[];
  /** `rabbitmqctl`. */
  rabbitControl?: (...args: string[]) => Promise<void>;
}

interface BrokerSide {
  servers: LabServer[];
  env: Record<string, string>;
  directEnv: Record<string, string>;
  direct: Pick<DirectAccess, 'kafka' | 'rabbitControl'>;
  remove(): Promise<void>;
}

/** All are started at once, each in front of its proxy. */
export async function startLabServers(broker: ServerBroker): Promise<LabServers> {
  const [brokers, postgres, elasticsearch, redis] = await Promise.all([
    broker === 'kafka' ? kafkaSide() : rabbitSide(),
    startPostgres(),
    startElasticsearch(),
    startRedis(),
  ]);
  const stores = { postgres, elasticsearch, redis };
  const proxied: LabServer[] = [];
  for (const [name, { server }] of Object.entries(stores)) {
    proxied.push({ name, server, proxy: await TcpProxy.start(server.address) });
  }
  const all = [...brokers.servers, ...proxied];
  const env = { ...storesEnv(stores, all), ...brokers.env };
  const directEnv = { ...storesEnv(stores, []), ...brokers.directEnv };
  const urls = { postgres: postgres.url, elasticsearch: elasticsearch.url, redis: redis.url };
  return {
    all,
    env,
    directEnv,
    direct: { ...urls, ...brokers.direct },
    remove: async () => {
      for (const { proxy } of all) await proxy.remove();
      const starts = [brokers, postgres, elasticsearch, redis];
      await Promise.all(starts.map((each) => each.remove()));
    },
  };
}

async function kafkaSide(): Promise<BrokerSide> {
  const ports = [await freePort(), await freePort(), await freePort()];
  const proxies = await Promise.all(ports.map((port) => TcpProxy.start(`127.0.0.1:${port}`)));
  const advertised = (index: number): string => proxies[index]?.address ?? '';
  const { servers, bootstrap, remove } = await startKafka({ brokers: 3, ports, advertised });
  const env = {
    SPILLWAY_BROKER_KIND: 'kafka',
    SPILLWAY_BROKER_KAFKA_BOOTSTRAP: bootstrap.join(','),
  };
  return {
    servers: servers.map((server, i) => {
      return { name: server.name, server, proxy: proxies[i] as TcpProxy };
    }),
    env,
    directEnv: env,
    direct: { kafka: bootstrap },
    remove,
  };
}

async function rabbitSide(): Promise<BrokerSide> {
  const { url, server, control, remove } = await startRabbitMq();
  const proxy = await TcpProxy.start(server.address);
  const envOf = (of: string): Record<string, string> => ({
    SPILLWAY_BROKER_KIND: 'rabbitmq',
    SPILLWAY_BROKER_RABBITMQ_URLS: of,
  });
  return {
    servers: [{ name: 'rabbitmq', server, proxy }],
    env: envOf(url.replace(server.address, proxy.address)),
    directEnv: envOf(url),
    direct: { rabbitControl: control },
    remove,
  };
}

function storesEnv(
  { postgres, elasticsearch, redis }: Record<string, { url: string }>,
  proxied: readonly LabServer[],
): Record<string, string> {
  const through = (url = ''): string => {
    const found = proxied.find(({ server }) => url.includes(server.address));
    return found ? url.replace(found.server.address, found.proxy.address) : url;
  };
  return {
    SPILLWAY_STORE_WRITE_KIND: 'postgres',
    SPILLWAY_STORE_WRITE_POSTGRES_URL: through(postgres?.url),
    SPILLWAY_STORE_SEARCH_KIND: 'elasticsearch',
    SPILLWAY_STORE_SEARCH_ELASTICSEARCH_NODES: through(elasticsearch?.url),
    SPILLWAY_STORE_SEARCH_ELASTICSEARCH_REPLICAS: '0',
    SPILLWAY_STORE_LIVE_KIND: 'redis',
    SPILLWAY_STORE_LIVE_REDIS_URL: through(redis?.url),
  };
}
