/** What the brokers and stores that the configuration chooses may hold. */
import { embeddedBrokerBudget } from '@spillway/broker-embedded/budget';
import { kafkaBudget } from '@spillway/broker-kafka/budget';
import { rabbitmqBudget } from '@spillway/broker-rabbitmq/budget';
import { signals } from '@spillway/otlp';
import type { BudgetLine, Least, Limit } from '@spillway/runtime';
import { duckdbBudget } from '@spillway/store-duckdb/budget';
import { elasticsearchBudget } from '@spillway/store-elasticsearch/budget';
import { memoryLiveBudget } from '@spillway/store-memory/budget';
import { embeddedPostgresBudget, postgresBudget } from '@spillway/store-postgres/budget';
import { redisLiveBudget } from '@spillway/store-redis/budget';
import type { SpillwayConfig } from './config.ts';
import type { Resource } from './roles.ts';

const mebibyte = 1_048_576;

export const adapterLeast: Least = {
  'store.search.memoryBytesMax': 24 * mebibyte,
  'store.live.memoryBytesMax': 12 * mebibyte,
  'broker.kafka.fetchBytesMax': 4 * mebibyte,
  'broker.rabbitmq.publishBytesMax': 16 * mebibyte,
  'broker.rabbitmq.prefetchBytes': mebibyte,
};

/** What another server holds for us. */
export const adapterLimits: readonly Limit[] = [
  {
    key: 'store.live.redisBytesMax',
    protects: 'Redis, and in it other tenants, from many names, records and large texts of one',
    answer: 'the live view of the tenant with the most becomes shorter',
  },
];

/** Which part of the broker this process uses. */
export interface Share {
  groups: number;
  publishes: boolean;
  fillsSearch: boolean;
  fillsLive: boolean;
  /** At once, of the stores. */
  questions: number;
}

export function adapterBudget(
  config: SpillwayConfig,
  resources: readonly Resource[],
  share: Share,
): BudgetLine[] {
  return resources.flatMap((resource) => linesOf[resource](config, share));
}

type Lines = (config: SpillwayConfig, share: Share) => BudgetLine[];

const linesOf: Readonly<Record<Resource, Lines>> = {
  broker: ({ broker }, { groups, publishes }) => {
    const { kind, kafka, rabbitmq, partitions } = broker;
    if (kind === 'embedded') return embeddedBrokerBudget();
    if (kind === 'kafka') return kafkaBudget(kafka, groups);
    const read = groups * signals.length * partitions;
    return rabbitmqBudget(rabbitmq, { publishes, groups, partitions: read });
  },
  writeStore: ({ store }) =>
    store.write.kind === 'embedded' ? embeddedPostgresBudget() : postgresBudget(),
  search: ({ store: { search } }, { fillsSearch: isFilled }) =>
    search.kind === 'embedded'
      ? duckdbBudget(search.memoryBytesMax)
      : elasticsearchBudget({ ...search.elasticsearch, isFilled }),
  live: ({ store: { live } }, { fillsLive, questions }) =>
    live.kind === 'embedded'
      ? memoryLiveBudget(live.memoryBytesMax)
      : redisLiveBudget({ isFilled: fillsLive, questions }),
};
