import type { KafkaClient } from './client.ts';
import type { KafkaBrokerOptions } from './config.ts';
import { KafkajsClient } from './kafkajs/client.ts';
import { KafkajsProducer } from './kafkajs/producer.ts';
import { PlatformaticClient } from './platformatic/client.ts';
import { createOwnProducer, type ProducePort } from './producer.ts';
import type { Security } from './security.ts';

/** What a client library gives. */
export interface Driver {
  /** A set of connections of its own; `waitMs`: how long a request may rest with a broker. */
  connect(waitMs?: number): KafkaClient;
  producer(partitionsOf: (topic: string) => Promise<number>): ProducePort;
}

export function openDriver(options: KafkaBrokerOptions, security: Security): Driver {
  const { clientId, bootstrap, connectTimeoutMs, requestTimeoutMs } = options;
  const { deliveryTimeoutMs, messageBytesMax, identities, report } = options;
  const network = { clientId, bootstrap, connectTimeoutMs, requestTimeoutMs, security };
  const delivery = { ...network, deliveryTimeoutMs, messageBytesMax };
  if (options.driver === 'kafkajs') {
    return {
      connect: (waitMs = 0) => new KafkajsClient({ ...network, messageBytesMax, waitMs }),
      producer: (partitionsOf) => new KafkajsProducer({ ...delivery, partitionsOf }),
    };
  }
  return {
    connect: (waitMs = 0) => {
      const patient = { ...network, requestTimeoutMs: requestTimeoutMs + waitMs };
      return new PlatformaticClient({ ...patient, messageBytesMax });
    },
    producer: () => createOwnProducer({ ...delivery, identities, report }),
  };
}
