import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  startElasticsearch,
  startKafka,
  startPostgres,
  startRabbitMq,
  startRedis,
} from '@spillway/native';

type Env = Record<string, string>;

interface Removable {
  remove(): Promise<void>;
}

/**
 * The real servers that the examples speak of, at addresses of this machine. What an example says
 * of addresses, names and secrets is overridden by the environment, as its readers would do.
 */
export class ExampleServers {
  readonly dir = mkdtempSync(join(tmpdir(), 'spillway-examples-'));
  readonly #running: Removable[] = [];
  #stores: Promise<() => Promise<Env>> | undefined;

  /** Over a Kafka of its own: the topics' names are fixed. */
  async kafka(): Promise<Env> {
    const [stores, kafka] = await Promise.all([this.#storesEnv(), startKafka()]);
    this.#running.push(kafka);
    return {
      ...stores,
      SPILLWAY_BROKER_KAFKA_BOOTSTRAP: kafka.bootstrap.join(','),
      // One broker is enough to see that the rest of the file works.
      SPILLWAY_BROKER_KAFKA_REPLICATION_FACTOR: '1',
      SPILLWAY_BROKER_KAFKA_MIN_INSYNC_REPLICAS: '1',
    };
  }

  async rabbitmq(): Promise<Env> {
    const [stores, rabbitmq] = await Promise.all([this.#storesEnv(), startRabbitMq()]);
    this.#running.push(rabbitmq);
    return { ...stores, SPILLWAY_BROKER_RABBITMQ_URLS: rabbitmq.url };
  }

  async remove(): Promise<void> {
    await Promise.all(this.#running.map((server) => server.remove()));
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** The same three servers for all, with names of its own for each example. */
  async #storesEnv(): Promise<Env> {
    this.#stores ??= this.#startStores();
    return (await this.#stores)();
  }

  async #startStores(): Promise<() => Promise<Env>> {
    const redisPassword = randomBytes(12).toString('hex');
    const [postgres, elasticsearch, redis] = await Promise.all([
      startPostgres(),
      startElasticsearch(),
      startRedis({ config: ['--requirepass', redisPassword] }),
    ]);
    this.#running.push(postgres, elasticsearch, redis);
    return async () => {
      const url = new URL(await postgres.createDatabase());
      const postgresPassword = decodeURIComponent(url.password);
      url.password = '';
      const name = `example-${randomBytes(4).toString('hex')}`;
      const redisPasswordFile = this.#secret('redis', redisPassword);
      return {
        SPILLWAY_STORE_WRITE_POSTGRES_URL: url.href,
        SPILLWAY_STORE_WRITE_POSTGRES_PASSWORD_FILE: this.#secret('postgres', postgresPassword),
        SPILLWAY_STORE_SEARCH_ELASTICSEARCH_NODES: elasticsearch.url,
        SPILLWAY_STORE_SEARCH_ELASTICSEARCH_INDEX_PREFIX: name,
        // This Elasticsearch asks for none, and takes any.
        SPILLWAY_STORE_SEARCH_ELASTICSEARCH_PASSWORD_FILE: this.#secret('elasticsearch', 'any'),
        SPILLWAY_STORE_LIVE_REDIS_URL: redis.url,
        SPILLWAY_STORE_LIVE_REDIS_KEY_PREFIX: `${name}:`,
        SPILLWAY_STORE_LIVE_REDIS_PASSWORD_FILE: redisPasswordFile,
        SPILLWAY_FLEET_REDIS_URL: redis.url,
        SPILLWAY_FLEET_REDIS_KEY_PREFIX: `${name}:`,
        SPILLWAY_FLEET_REDIS_PASSWORD_FILE: redisPasswordFile,
        SPILLWAY_GATEWAY_SPILL_DIR: join(this.dir, 'spill', name),
      };
    };
  }

  #secret(name: string, text: string): string {
    const file = join(this.dir, `${name}-password`);
    writeFileSync(file, `${text}\n`, { mode: 0o600 });
    return file;
  }
}
