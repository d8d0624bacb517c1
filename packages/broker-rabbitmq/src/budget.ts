import type { RabbitMqSection } from './config.ts';

/** Lines of the memory budget. */
export function rabbitmqBudget(
  {
    publishBytesMax,
    prefetchBytes,
    messageBytesMax,
  }: Pick<RabbitMqSection, 'publishBytesMax' | 'prefetchBytes' | 'messageBytesMax'>,
  {
    publishes,
    groups,
    partitions,
  }: {
    publishes: boolean;
    groups: number;
    /** That this process may read, over all its groups and their topics. */
    partitions: number;
  },
) {
  const where = 'outside' as const;
  return [
    {
      name: 'messages that RabbitMQ has not confirmed',
      key: 'broker.rabbitmq.publishBytesMax',
      bytes: publishes ? publishBytesMax : 0,
      where,
      protects: 'the process from a slow broker',
      answer: 'the message goes into the spill, else 503 with Retry-After',
    },
    {
      name: 'messages that RabbitMQ sent ahead',
      key: 'broker.rabbitmq.prefetchBytes',
      bytes: partitions * prefetchBytes,
      where,
      protects: 'the process from all that waits in the queues',
      answer: 'it reads no further; the lag grows',
    },
    {
      name: 'a message of the largest size, as it comes and is set aside',
      key: 'broker.rabbitmq.messageBytesMax',
      // Its frames, what they are put together to, and its dead letter on the way out.
      bytes: 3 * groups * messageBytesMax,
      where,
      protects: 'the process from other programs that publish',
      answer: 'a dead letter without its content',
    },
  ].filter(({ bytes }) => bytes > 0);
}
