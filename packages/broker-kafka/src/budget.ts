import type { KafkaSection } from './config.ts';

const mebibyte = 1_048_576;

/** Lines of the memory budget. `groups`: consumers of this process. */
export function kafkaBudget(
  { fetchBytesMax }: Pick<KafkaSection, 'fetchBytesMax'>,
  groups: number,
) {
  return [
    {
      name: 'Kafka client: connections and requests',
      bytes: 16 * mebibyte,
      where: 'outside' as const,
      protects: 'the process from a slow broker',
      answer: 'publishes wait, then go into the spill',
    },
    {
      name: 'messages read ahead from Kafka',
      key: 'broker.kafka.fetchBytesMax',
      // What was fetched is parsed while the next fetch is on its way.
      bytes: 2 * groups * fetchBytesMax,
      where: 'outside' as const,
      protects: 'the process from all that waits in the topics',
      answer: 'it reads no further; the lag grows',
    },
  ].filter(({ bytes }) => bytes > 0);
}
