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
      .describe('Folder of everything that is kept; --data is short for it.'),
  })
  .prefault({});

const processSection = z
  .object({
    memoryBytes: whole()
      .min(0)
      .default(0)
      .describe(
        'Memory that the process may take; its limits are made to fit, or it does not start. --memory 512M is short for it. 0: what its container allows, else that of the machine.',
      ),
  })
  .prefault({});

const brokerSection = z
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
    embedded: z
      .object({
        logBytesMax: whole()
          .min(16 * mebibyte)
          .default(4_096 * mebibyte)
          .describe('Bytes the log may take; beyond it what every group has read is removed.'),
        retentionHours: z
          .number()
          .positive()
          .default(168)
          .describe('The log keeps this long; at least as long as the stores, which it rebuilds.'),
        segmentBytes: whole()
          .min(64 * 1_024)
          .default(32 * mebibyte)
          .describe('Size of a segment file; retention removes whole ones.'),
        messageBytesMax: whole()
          .min(1_024)
          .default(64 * mebibyte)
          .describe('Largest message the log takes.'),
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
          .describe('Where rows are kept: PGlite in the data folder, or a PostgreSQL server.'),
        postgres: postgresSection,
      })
      .prefault({}),
    search: z
      .object({
        kind: z
          .enum(['embedded', 'elasticsearch'])
          .default('embedded')
          .describe('What is searched: DuckDB in the data folder, or Elasticsearch.'),
        elasticsearch: elasticsearchSection,
        memoryBytesMax: whole()
          .min(24 * mebibyte)
          .default(128 * mebibyte)
          .describe('Memory of the embedded search store.'),
      })
      .prefault({}),
    live: z
      .object({
        kind: z
          .enum(['embedded', 'redis'])
          .default('embedded')
          .describe('Where the live roll-ups are: the memory of the process, or Redis.'),
        redis: redisSection,
        windowMinutes: whole()
          .min(5)
          .max(1_440)
          .default(60)
          .describe('How far back the live roll-ups reach.'),
        memoryBytesMax: whole()
          .min(8 * mebibyte)
          .default(96 * mebibyte)
          .describe(
            'Memory of the embedded live roll-ups, whatever names clients send; one tenant may have half of it. Beyond it the tenant that has the most loses its oldest.',
          ),
        redisBytesMax: whole()
          .min(16 * mebibyte)
          .default(256 * mebibyte)
          .describe(
            'The same of Redis; equal in all processes, and below the maxmemory of Redis by a quarter at least.',
          ),
      })
      .prefault({}),
  })
  .prefault({});

/** How processes tell each other what they find out. */
const fleetSection = z
  .object({
    kind: z
      .enum(['none', 'redis'])
      .default('none')
      .describe(
        'Where processes share quotas and tell each other which servers are down; none: each for itself.',
      ),
    redis: redisSection,
    windowMs: whole()
      .min(3_000)
      .max(300_000)
      .default(10_000)
      .describe('A report counts for this long after it was last told; it is told each second.'),
    reportersMin: whole()
      .min(1)
      .max(1_000)
      .default(2)
      .describe('So many processes must hold a server down before the whole fleet does.'),
    gatewaysAssumed: whole()
      .min(1)
      .max(10_000)
      .default(1)
      .describe(
        'Gateways among which quotas are shared out while Redis has never answered; later as many as were last known.',
      ),
  })
  .prefault({});

const adminSection = z
  .object({
    host: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe('Address of the probes and metrics, which tell no telemetry.'),
    port: whole()
      .min(0)
      .max(65_535)
      .default(8081)
      .describe('Port of /live, /ready and /metrics where no console runs; 0 takes a free one.'),
    keysFile: z
      .string()
      .default('')
      .describe(
        'File of hashed API keys; beyond loopback /metrics then wants one of the scope metrics. ' +
          'Empty: beyond loopback /metrics names no tenant and /ready no component.',
      ),
  })
  .prefault({});

const stopSection = z
  .object({
    deadlineMs: whole()
      .min(1_000)
      .default(30_000)
      .describe('A stop that takes longer exits with 1.'),
  })
  .prefault({});

const unsafeAllow = z
  .array(z.enum(safetyNames))
  .default([])
  .describe('Checks of the start to switch off, by name; --unsafe-allow NAME is short for it.');

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

export type SpillwayConfig = z.output<typeof spillwaySchema>;
