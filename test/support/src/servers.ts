/**
 * The real servers that a run of the end-to-end tests shares; each lab has its own names on them.
 */
export interface SharedServers {
  postgresUrl: string;
  redisUrl: string;
  elasticsearchUrl: string;
  rabbitMq: RabbitMqAddress | undefined;
}

export interface RabbitMqAddress {
  url: string;
  managementUrl: string;
}

/** What a project of the tests runs on. */
const stackNames = ['embedded', 'kafka', 'rabbitmq'] as const;
export type StackName = (typeof stackNames)[number];

declare module 'vitest' {
  interface ProvidedContext {
    stack?: StackName;
    servers?: SharedServers;
  }
}
