export {
  type ElasticsearchOptions,
  type ElasticsearchServer,
  startElasticsearch,
} from './elasticsearch.ts';
export {
  type KafkaClientSecurity,
  type KafkaOptions,
  type KafkaServers,
  startKafka,
} from './kafka/index.ts';
export { freePort } from './ports.ts';
export { type PostgresOptions, type PostgresServer, startPostgres } from './postgres.ts';
export { type RabbitMqOptions, type RabbitMqServer, startRabbitMq } from './rabbitmq.ts';
export { type RedisOptions, type RedisServer, startRedis } from './redis.ts';
export type { NativeServer, Placement } from './server.ts';
