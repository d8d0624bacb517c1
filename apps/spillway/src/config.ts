import { safetyNames } from '@spillway/broker';
import { kafkaSection } from '@spillway/broker-kafka/config';
import { rabbitmqSection } from '@spillway/broker-rabbitmq/config';
import { consoleSection } from '@spillway/console';
import { gatewaySection } from '@spillway/gateway';
import { projectorSection } from '@spillway/projector';
import { logSection } from '@spillway/runtime';
import { elasticsearchSection } from '@spillway/store-elasticsearch/config';
import { postgresSection } from '@spillway/store-postgres/config';
import { redisSection } from '@spillway/store-redis/config';
import { writerSection } from '@spillway/writer';
import { z } from 'zod';

const whole = () => z.number().int();
const mebibyte = 1_048_576;

const dataSection = z
  .object({
    dir: z
      .string()
      .min(1)
      .default('./data')
      .describe('Folder of everything that the process keeps. The flag --data is short for it.'),
  })
  .prefault({});

const processSection = z
  .object({
    memoryBytes: whole()
      .min(0)
      .default(0)
      .describe(
        'Bytes of memory that the process may take. Its limits are lowered to fit, or it does not start. The flag --memory, as in --memory 512M, is short for it. With 0 it is what the container allows, or else the memory of the machine.',
      ),
  })
  .prefault({});

const brokerSection = z
  .object({
    kind: z
      .enum(['embedded', 'kafka', 'rabbitmq'])
      .default('embedded')
      .describe('Broker that carries the messages: the log in the data folder, Kafka or RabbitMQ.'),
    partitions: whole()
      .min(1)
      .max(1_024)
      .default(2)
      .describe(
        'Least number of partitions of each OTLP topic. Partitions can be added and never removed.',
      ),
    kafka: kafkaSection,
    rabbitmq: rabbitmqSection,
    embedded: z
      .object({
        logBytesMax: whole()
          .min(16 * mebibyte)
          .default(4_096 * mebibyte)
          .describe(
            'Bytes that the log may take. Beyond it, what every group has read is removed.',
          ),
        retentionHours: z
          .number()
          .positive()
          .default(168)
          .describe(
            'Hours for which the log keeps messages. Keep it at least as long as the stores, which are rebuilt from it.',
          ),
        segmentBytes: whole()
          .min(64 * 1_024)
          .default(32 * mebibyte)
          .describe('Bytes of a segment file. Retention removes whole segments.'),
        messageBytesMax: whole()
          .min(1_024)
          .default(64 * mebibyte)
          .describe('Bytes of the largest message that the log takes.'),
      })
      .prefault({}),
  })
  .prefault({});

const storeSection = z
  .object({
    write: z
      .object({
        kind: z
          .enum(['embedded', 'postgres'])
          .default('embedded')
          .describe(
            'Store that keeps the rows: PGlite in the data folder, or a PostgreSQL server.',
          ),
        postgres: postgresSection,
      })
      .prefault({}),
    search: z
      .object({
        kind: z
          .enum(['embedded', 'elasticsearch'])
          .default('embedded')
          .describe('Store that is searched: DuckDB in the data folder, or Elasticsearch.'),
        elasticsearch: elasticsearchSection,
        memoryBytesMax: whole()
          .min(24 * mebibyte)
          .default(128 * mebibyte)
          .describe('Bytes of memory that the embedded search store may take.'),
      })
      .prefault({}),
    live: z
      .object({
        kind: z
          .enum(['embedded', 'redis'])
          .default('embedded')
          .describe('Store of the live roll-ups: the memory of the process, or Redis.'),
        redis: redisSection,
        windowMinutes: whole()
          .min(5)
          .max(1_440)
          .default(60)
          .describe('Minutes for which the live roll-ups reach back.'),
        memoryBytesMax: whole()
          .min(8 * mebibyte)
          .default(96 * mebibyte)
          .describe(
            'Bytes of memory that the embedded live roll-ups may take, whatever names clients send. One tenant may have half of it; beyond the limit, the tenant that has the most loses its oldest roll-ups.',
          ),
        redisBytesMax: whole()
          .min(16 * mebibyte)
          .default(256 * mebibyte)
          .describe(
            'Bytes that the live roll-ups may take in Redis, with the same rule. Set it equally in all processes, and below the `maxmemory` of Redis by at least a quarter.',
          ),
      })
      .prefault({}),
  })
  .prefault({});

/** Configures how processes share what they find out. */
const fleetSection = z
  .object({
    kind: z
      .enum(['none', 'redis'])
      .default('none')
      .describe(
        'Where processes share quotas and report which servers are down. With none, each process judges by itself.',
      ),
    redis: redisSection,
    windowMs: whole()
      .min(3_000)
      .max(300_000)
      .default(10_000)
      .describe(
        'Milliseconds for which the report of a process counts. A process that runs renews its report each second.',
      ),
    reportersMin: whole()
      .min(1)
      .max(1_000)
      .default(2)
      .describe(
        'Processes that must report a server as down before the whole fleet treats it as down.',
      ),
    gatewaysAssumed: whole()
      .min(1)
      .max(10_000)
      .default(1)
      .describe(
        'Gateways among which quotas are divided while Redis has never answered. Afterwards it is the number that was last known.',
      ),
  })
  .prefault({});

const adminSection = z
  .object({
    host: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe('Address of the probes and metrics, which show no telemetry.'),
    port: whole()
      .min(0)
      .max(65_535)
      .default(8081)
      .describe(
        'Port of /live, /ready and /metrics in a process without a console; 0 takes a free one.',
      ),
    keysFile: z
      .string()
      .default('')
      .describe(
        'YAML file of API keys. Beyond loopback, /metrics then needs a key with the scope metrics. When empty, beyond loopback /metrics names no tenant and /ready no component.',
      ),
  })
  .prefault({});

const stopSection = z
  .object({
    deadlineMs: whole()
      .min(1_000)
      .default(30_000)
      .describe(
        'Milliseconds after which a stop that has not finished ends the process with exit code 1.',
      ),
  })
  .prefault({});

const unsafeAllow = z
  .array(z.enum(safetyNames))
  .default([])
  .describe(
    'Names of checks that do not stop the start when they fail. The flag --unsafe-allow NAME is short for it.',
  );

/** The schema of the whole configuration: one section for each part. */
export const spillwaySchema = z.object({
  data: dataSection,
  process: processSection,
  gateway: gatewaySection,
  broker: brokerSection,
  store: storeSection,
  fleet: fleetSection,
  writer: writerSection,
  projector: projectorSection,
  console: consoleSection,
  admin: adminSection,
  log: logSection,
  stop: stopSection,
  unsafeAllow,
});

/** The whole configuration, checked. */
export type SpillwayConfig = z.output<typeof spillwaySchema>;
