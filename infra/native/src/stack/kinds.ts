import { elasticsearchAnswers, startElasticsearch } from '../elasticsearch.ts';
import { startKafka } from '../kafka/index.ts';
import { liveBrokers } from '../kafka/probe.ts';
import { postgresAnswers, startPostgres } from '../postgres.ts';
import { rabbitMqAnswers, startRabbitMq } from '../rabbitmq.ts';
import { redisAnswers, startRedis } from '../redis.ts';
import type { NativeServer, Placement } from '../server.ts';

interface StartedKind {
  servers: readonly NativeServer[];
  /** Environment variables that point Spillway to it. */
  environment: Record<string, string>;
}

export interface Kind {
  /** Where people expect it; another free port is taken for one that is not free. */
  ports: readonly number[];
  start: (placement: Placement) => Promise<StartedKind>;
  answers: (port: number) => Promise<boolean>;
  stopSignal: NodeJS.Signals;
}

const kafka: Kind = {
  ports: [9092, 9094, 9096],
  async start(placement) {
    const { servers, bootstrap } = await startKafka({ ...placement, brokers: 3 });
    return { servers, environment: { SPILLWAY_BROKER_KAFKA_BOOTSTRAP: bootstrap.join(',') } };
  },
  answers: async (port) => (await liveBrokers(port)).length > 0,
  stopSignal: 'SIGTERM',
};

const rabbitmq: Kind = {
  ports: [5672, 15672],
  async start(placement) {
    const { server } = await startRabbitMq(placement);
    const environment = { SPILLWAY_BROKER_RABBITMQ_URLS: `amqp://${server.address}` };
    return { servers: [server], environment };
  },
  answers: rabbitMqAnswers,
  stopSignal: 'SIGTERM',
};

const postgres: Kind = {
  ports: [5432],
  async start(placement) {
    const { server, url } = await startPostgres(placement);
    return { servers: [server], environment: { SPILLWAY_STORE_WRITE_POSTGRES_URL: url } };
  },
  answers: postgresAnswers,
  stopSignal: 'SIGINT',
};

const elasticsearch: Kind = {
  ports: [9200],
  async start(placement) {
    const { server, url } = await startElasticsearch(placement);
    return { servers: [server], environment: { SPILLWAY_STORE_SEARCH_ELASTICSEARCH_NODES: url } };
  },
  answers: elasticsearchAnswers,
  stopSignal: 'SIGTERM',
};

const redis: Kind = {
  ports: [6379],
  async start(placement) {
    const { server, url } = await startRedis(placement);
    return { servers: [server], environment: { SPILLWAY_STORE_LIVE_REDIS_URL: url } };
  },
  answers: redisAnswers,
  stopSignal: 'SIGTERM',
};

export const kinds = { kafka, postgres, elasticsearch, redis, rabbitmq } satisfies Record<
  string,
  Kind
>;

export type KindName = keyof typeof kinds;

/** What `up` starts when nothing is chosen: one broker and the stores. */
export const usualKinds: readonly KindName[] = ['kafka', 'postgres', 'elasticsearch', 'redis'];

export function isKindName(name: string): name is KindName {
  return Object.hasOwn(kinds, name);
}
