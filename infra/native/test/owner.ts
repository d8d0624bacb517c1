import { startPostgres, startRabbitMq, startRedis } from '@spillway/native';

const starts = { postgres: startPostgres, rabbitmq: startRabbitMq, redis: startRedis };
const [, , kind = '', dir = ''] = process.argv;

/** Starts one server, prints its pid, and ends only by a signal. */
const { server } = await starts[kind as keyof typeof starts]({ dir });
console.log(server.pid);
setInterval(() => undefined, 1000);
