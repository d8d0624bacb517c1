import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { KafkaTopics } from '../kafka-topics.ts';
import { RabbitTopics } from '../rabbit-topics.ts';
import { SearchIndices } from '../search-indices.ts';
import type { SharedServers, StackName } from '../servers.ts';
import type { Ground } from './ground.ts';

/** A broker as a test sees it: its configuration, and the power to lose messages. */
interface Topics {
  readonly env: Readonly<Record<string, string>>;
  deleteLastMessages(topic: string, count: number): Promise<number>;
  close(): Promise<void>;
}

/** Real servers, with names of its own on those that are shared. */
export async function openServerGround(stack: StackName, servers: SharedServers): Promise<Ground> {
  const name = `lab_${randomBytes(4).toString('hex')}`;
  const [topics] = await Promise.all([
    openTopics(name, { stack, rabbitMq: servers.rabbitMq }),
    createDatabase(servers.postgresUrl, name),
  ]);
  return new ServerGround({ name, topics, servers });
}

function openTopics(
  name: string,
  { stack, rabbitMq }: { stack: StackName } & Pick<SharedServers, 'rabbitMq'>,
): Promise<Topics> {
  if (stack === 'kafka') return KafkaTopics.open();
  if (!rabbitMq) throw new Error('no RabbitMQ was started');
  return RabbitTopics.open(name, rabbitMq);
}

class ServerGround implements Ground {
  readonly env: Readonly<Record<string, string>>;
  readonly #topics: Topics;
  readonly #indices: SearchIndices;
  readonly #databaseUrl: string;

  constructor({ name, topics, servers }: { name: string; topics: Topics; servers: SharedServers }) {
    this.#topics = topics;
    this.#indices = new SearchIndices(servers.elasticsearchUrl, name);
    this.#databaseUrl = databaseUrl(servers.postgresUrl, name);
    this.env = {
      ...topics.env,
      ...this.#indices.env,
      SPILLWAY_GATEWAY_NAME: 'gw-1',
      SPILLWAY_STORE_WRITE_KIND: 'postgres',
      SPILLWAY_STORE_WRITE_POSTGRES_URL: this.#databaseUrl,
      SPILLWAY_STORE_LIVE_KIND: 'redis',
      SPILLWAY_STORE_LIVE_REDIS_URL: servers.redisUrl,
      SPILLWAY_STORE_LIVE_REDIS_KEY_PREFIX: name,
    };
  }

  deleteRows(table: string, count: number): Promise<void> {
    return withClient(this.#databaseUrl, (client) =>
      client.query(
        `DELETE FROM spillway.${table} WHERE key IN (SELECT key FROM spillway.${table} LIMIT ${count})`,
      ),
    );
  }

  deleteLogDocuments(count: number): Promise<void> {
    return this.#indices.deleteLogs(count);
  }

  deleteSearchStore(): Promise<void> {
    return this.#indices.deleteAll();
  }

  deleteLastMessages(topic: string, count: number): Promise<number> {
    return this.#topics.deleteLastMessages(topic, count);
  }

  refresh(): Promise<void> {
    return this.#indices.refresh();
  }

  async close(): Promise<void> {
    await Promise.all([this.#topics.close(), this.#indices.deleteAll()]);
  }
}

function createDatabase(url: string, name: string): Promise<void> {
  return withClient(url, (client) => client.query(`CREATE DATABASE ${name}`));
}

function databaseUrl(url: string, name: string): string {
  const named = new URL(url);
  named.pathname = `/${name}`;
  return named.href;
}

async function withClient(url: string, run: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await run(client).finally(() => client.end());
}
