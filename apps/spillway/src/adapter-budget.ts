/** What the brokers and stores that the configuration chooses may hold. */
import { embeddedBrokerBudget } from '@spillway/broker-embedded/budget';
import { kafkaBudget } from '@spillway/broker-kafka/budget';
import { rabbitmqBudget } from '@spillway/broker-rabbitmq/budget';
import { signals } from '@spillway/otlp';
import type { BudgetLine, Least } from '@spillway/runtime';
import { elasticsearchBudget } from '@spillway/store-elasticsearch/budget';
import { duckdbBudget, memoryLiveBudget } from '@spillway/store-embedded/budget';
import { embeddedPostgresBudget, postgresBudget } from '@spillway/store-postgres/budget';
import type { SpillwayConfig } from './config.ts';
import type { Resource } from './roles.ts';

const mebibyte = 1_048_576;

export const adapterLeast: Least = {
  'store.search.memoryBytesMax': 24 * mebibyte,
  'store.live.memoryBytesMax': 16 * mebibyte,
  'broker.kafka.fetchBytesMax': 4 * mebibyte,
  'broker.rabbitmq.publishBytesMax': 16 * mebibyte,
  'broker.rabbitmq.prefetchBytes': mebibyte,
};

/** Which part of the broker this process uses. */
export interface Share {
  groups: number;
  publishes: boolean;
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
  search: ({ store: { search } }) =>
    search.kind === 'embedded'
      ? duckdbBudget(search.memoryBytesMax)
      : elasticsearchBudget(search.elasticsearch),
  live: ({ store: { live } }) =>
    live.kind === 'embedded' ? memoryLiveBudget(live.memoryBytesMax) : [],
};
