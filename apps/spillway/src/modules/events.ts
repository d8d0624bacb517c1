/**
 * What every package can report, by package: the event log and its reference page know nothing
 * else.
 */
import { embeddedBrokerEvents } from '@spillway/broker-embedded/events';
import { kafkaEvents } from '@spillway/broker-kafka/events';
import { rabbitmqEvents } from '@spillway/broker-rabbitmq/events';
import { consoleEvents } from '@spillway/console';
import { consumerEvents } from '@spillway/consumer';
import type { EventKind } from '@spillway/events';
import { fleetEvents } from '@spillway/fleet-redis/events';
import { gatewayEvents } from '@spillway/gateway';
import { journalEvents } from '@spillway/journal';
import { keyEvents } from '@spillway/keys';
import { breakerEvents } from '@spillway/resilience';
import { runtimeEvents } from '@spillway/runtime';
import { spillEvents } from '@spillway/spill';
import { duckdbEvents } from '@spillway/store-duckdb/events';
import { elasticsearchEvents } from '@spillway/store-elasticsearch/events';
import { memoryLiveEvents } from '@spillway/store-memory/events';
import { postgresEvents } from '@spillway/store-postgres/events';
import { redisLiveEvents } from '@spillway/store-redis/events';
import { processEvents } from '../process/process-events.ts';

/** The table of events of each package, by the heading that it has in the reference. */
export const eventTables = {
  process: processEvents,
  'internal errors': runtimeEvents,
  'API keys': keyEvents,
  gateway: gatewayEvents,
  breakers: breakerEvents,
  spill: spillEvents,
  journal: journalEvents,
  'embedded broker': embeddedBrokerEvents,
  Kafka: kafkaEvents,
  RabbitMQ: rabbitmqEvents,
  consumers: consumerEvents,
  'write store': postgresEvents,
  'search store in DuckDB': duckdbEvents,
  'search store in Elasticsearch': elasticsearchEvents,
  'live store in memory': memoryLiveEvents,
  'live store in Redis': redisLiveEvents,
  fleet: fleetEvents,
  console: consoleEvents,
} as const;

type Tables = typeof eventTables;

/** Every type of event there is: what is in no table cannot be reported. */
export type EventType = { [T in keyof Tables]: keyof Tables[T] }[keyof Tables];

/**
 * The severity and description of every event, by type; one that several packages have means the
 * same in all.
 */
export const eventKinds: Readonly<Record<EventType, EventKind>> = Object.assign(
  {},
  ...Object.values(eventTables),
);
