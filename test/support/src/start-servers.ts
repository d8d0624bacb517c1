import { startElasticsearch, startPostgres, startRabbitMq, startRedis } from '@spillway/native';
import type { SharedServers } from './servers.ts';

/** The stores, and a RabbitMQ where one is wanted; a Kafka is its lab's own. */
export async function startServers({ withRabbitMq }: { withRabbitMq: boolean }) {
  const [postgres, redis, elasticsearch, rabbitMq] = await Promise.all([
    startPostgres(),
    startRedis(),
    startElasticsearch(),
    withRabbitMq ? startRabbitMq() : undefined,
  ]);
  const servers: SharedServers = {
    postgresUrl: postgres.url,
    redisUrl: redis.url,
    elasticsearchUrl: elasticsearch.url,
    rabbitMq: rabbitMq && { url: rabbitMq.url, managementUrl: rabbitMq.managementUrl },
  };
  const remove = async (): Promise<void> => {
    await Promise.all([postgres, redis, elasticsearch, rabbitMq].map((each) => each?.remove()));
  };
  return { servers, remove };
}
