import type { Broker } from '@spillway/broker';
import { embeddedBrokerBudget } from '@spillway/broker-embedded/budget';
import { kafkaBudget } from '@spillway/broker-kafka/budget';
import { kafkaSection } from '@spillway/broker-kafka/config';
import { rabbitmqBudget } from '@spillway/broker-rabbitmq/budget';
import { rabbitmqSection } from '@spillway/broker-rabbitmq/config';
import { signals } from '@spillway/otlp';
import type { BudgetLine } from '@spillway/runtime';
import { z } from 'zod';
import type { SpillwayConfig } from '../../config.ts';
import type { DataFolder } from '../../folder/data-folder.ts';
import type { SpillFolder } from '../../folder/spill-folder.ts';
import { defineModule, type ModuleContext } from '../../registry/module.ts';
import type { Target } from '../../registry/target.ts';
import { dataFolderModule } from '../process/data-folder.ts';
import { spillModule } from '../process/spill.ts';
import { healthUnlessSpilling } from '../process/spilling.ts';

const mebibyte = 1_048_576;
const hourMs = 3_600_000;
const clientId = 'spillway';
const whole = () => z.number().int();

const embeddedSection = z
  .object({
    logBytesMax: whole()
      .min(16 * mebibyte)
      .default(4_096 * mebibyte)
      .describe(
        'Bytes the log may take; near it what every group has read is removed. An eighth is reserved for dead letters and notes (twice the largest message where that is more, at most a quarter): clients are refused before. Dead letters take at most a quarter; then the oldest expire.',
      ),
    retentionHours: z
      .number()
      .positive()
      .default(168)
      .describe(
        'Hours for which the log keeps messages; at least as long as the stores that are rebuilt from it.',
      ),
    segmentBytes: whole()
      .min(64 * 1_024)
      .default(32 * mebibyte)
      .describe('Bytes of a segment file of the log; retention removes whole segments.'),
    messageBytesMax: whole()
      .min(1_024)
      .default(64 * mebibyte)
      .describe('Bytes of the largest message that the log takes.'),
  })
  .prefault({});

export const brokerSection = z
  .object({
    kind: z
      .enum(['embedded', 'kafka', 'rabbitmq'])
      .default('embedded')
      .describe('What carries the messages: the log in the data folder, Kafka or RabbitMQ.'),
    partitions: whole()
      .min(1)
      .max(1_024)
      .default(2)
      .describe('Partitions of each OTLP topic, at least: they can be added, never taken away.'),
    kafka: kafkaSection,
    rabbitmq: rabbitmqSection,
    embedded: embeddedSection,
  })
  .prefault({});

type Section = SpillwayConfig['broker'];

interface Given {
  folder: DataFolder;
  spill: SpillFolder | undefined;
}

interface Kind {
  create(context: ModuleContext, given: Given): Promise<Broker>;
  budget(section: Section, target: Target): BudgetLine[];
  /** The name of a broker that keeps none. */
  withoutLog?: string;
  isEmbedded?: true;
}

const kinds: Readonly<Record<Section['kind'], Kind>> = {
  embedded: {
    isEmbedded: true,
    create: async ({ config, report }, { folder }) => {
      const { createEmbeddedBroker } = await import('@spillway/broker-embedded');
      const { retentionHours, ...limits } = config.broker.embedded;
      const retentionMs = retentionHours * hourMs;
      return createEmbeddedBroker({ ...limits, dir: folder.path('log'), retentionMs, report });
    },
    budget: () => embeddedBrokerBudget(),
  },
  kafka: {
    create: async ({ config, report }, { spill }) => {
      const { createKafkaBroker } = await import('@spillway/broker-kafka');
      const identities = spill?.identities('kafka');
      return createKafkaBroker({ ...config.broker.kafka, clientId, identities, report });
    },
    budget: ({ kafka }, { consumers }) => kafkaBudget(kafka, consumers.length),
  },
  rabbitmq: {
    withoutLog: 'RabbitMQ',
    create: async ({ config, report }, { spill }) => {
      const { createRabbitMqBroker } = await import('@spillway/broker-rabbitmq');
      const identities = spill?.identities('rabbitmq');
      return createRabbitMqBroker({ ...config.broker.rabbitmq, clientId, identities, report });
    },
    budget: ({ rabbitmq, partitions }, { consumers, publishes }) => {
      const groups = consumers.length;
      const read = groups * signals.length * partitions;
      return rabbitmqBudget(rabbitmq, { publishes, groups, partitions: read });
    },
  },
};

/** Returns the bytes of the largest message that the chosen broker takes. */
export function messageBytesMax({ broker }: SpillwayConfig): number {
  return broker[broker.kind].messageBytesMax;
}

/** Whether the log lies in the data folder. */
export function hasOwnLog({ broker }: SpillwayConfig): boolean {
  return kinds[broker.kind].isEmbedded === true;
}

/** Carries the messages: the log in the data folder, Kafka or RabbitMQ. */
export const brokerModule = defineModule({
  name: 'broker',
  needs: { folder: dataFolderModule },
  uses: { spill: spillModule },
  create: (context, given) => kinds[context.config.broker.kind].create(context, given),
  components: (broker, { config }, { spill }) => [
    {
      name: hasOwnLog(config) ? 'log' : broker.name,
      start: () => broker.start(),
      stop: () => broker.stop(),
      health: () => healthUnlessSpilling(broker.health(), { broker, spill }),
    },
  ],
  mayStartLater: true,
  inspect: (broker, { config, registry }) =>
    broker.inspect(registry.topics(config.broker.partitions)),
  placement: ({ broker }) => {
    const { isEmbedded = false, withoutLog } = kinds[broker.kind];
    return { key: 'broker.kind', isEmbedded, servers: 'kafka or rabbitmq', withoutLog };
  },
  /** The segment that is written, and those that a projector and a rebuild read. */
  files: (config, registry) => {
    if (!hasOwnLog(config)) return 0;
    const topics = registry.topics(config.broker.partitions);
    return 3 * topics.reduce((sum, { partitions }) => sum + partitions, 0);
  },
  budget: ({ broker }, target) => kinds[broker.kind].budget(broker, target),
  limits: [
    {
      key: 'broker.embedded.logBytesMax',
      protects: 'the disk from messages that are not read yet, and from dead letters',
      answer:
        'at seven eighths the message goes into the spill, else 503 with Retry-After; dead letters go on, the oldest expire',
    },
  ],
  least: {
    'broker.kafka.fetchBytesMax': 4 * mebibyte,
    'broker.rabbitmq.publishBytesMax': 16 * mebibyte,
    'broker.rabbitmq.prefetchBytes': mebibyte,
  },
});
