import { type KafkaBrokerOptions, kafkaSection } from '../src/index.ts';

export const messageBytesMax = 2 * 1024 * 1024;

/** For a cluster of one. */
export function optionsOf(
  bootstrap: readonly string[],
  driver: KafkaBrokerOptions['driver'],
  rest: Partial<KafkaBrokerOptions> = {},
): KafkaBrokerOptions {
  const section = kafkaSection.parse({
    driver,
    bootstrap,
    messageBytesMax,
    replicationFactor: 1,
    minInsyncReplicas: 1,
    sessionTimeoutMs: 6_000,
  });
  return { ...section, clientId: 'test', ...rest };
}
