import type { SubscribeOptions, TopicSpec } from '@spillway/broker';
import type { RabbitMqConfig } from '../config.ts';
import type { Client } from '../server/client.ts';
import type { Member } from './consumer.ts';
import type { Group } from './group.ts';

/** What a member of a group needs. */
export interface MemberOptions extends SubscribeOptions {
  config: RabbitMqConfig;
  client: Client;
  /** The group, shared by the members of this process. */
  shared: Group;
  topic: (name: string) => TopicSpec | undefined;
  /** Declares the group's queues of a topic; they may have been deleted. */
  declare: (topic: string) => Promise<void>;
  onClosed: (member: Member) => void;
}
