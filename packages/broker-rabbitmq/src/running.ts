import { randomUUID } from 'node:crypto';
import type { RabbitMqConfig } from './config.ts';
import type { Member } from './group/consumer.ts';
import type { Group } from './group/group.ts';
import { Producer } from './publish/producer.ts';
import { PublisherLock } from './publish/publisher-lock.ts';
import { Catalog } from './server/catalog.ts';
import { Client } from './server/client.ts';
import { Control } from './server/control.ts';
import { CountListener, CountPublisher } from './server/counts.ts';

/** What exists between start and stop. */
export interface Running {
  /** Two connections: the server stops reading one that publishes when it lacks memory or disk. */
  writing: Client;
  reading: Client;
  catalog: Catalog;
  control: Control;
  lock: PublisherLock;
  producer: Producer;
  publisher: CountPublisher;
  counts: CountListener;
  groups: Map<string, Group>;
  members: Set<Member>;
}

/** Makes the parts of a broker; nothing is connected yet. */
export function assemble(config: RabbitMqConfig): Running {
  const writing = new Client(config, 'publishes');
  const reading = new Client(config, 'consumes');
  const catalog = new Catalog({ config, writing, reading });
  const control = new Control({ writing, reading });
  const topic = (name: string) => catalog.topic(name);
  const queuesOf = (name: string) => catalog.readersOf(name);
  const { identities, report } = config;
  const lock = new PublisherLock({ client: writing, identities, report });
  const producer = new Producer({ config, client: writing, lock, topic, queuesOf });
  return {
    writing,
    reading,
    catalog,
    control,
    lock,
    producer,
    publisher: new CountPublisher({
      control,
      publisher: randomUUID(),
      counts: producer.counts,
    }),
    counts: new CountListener(control),
    groups: new Map(),
    members: new Set(),
  };
}
