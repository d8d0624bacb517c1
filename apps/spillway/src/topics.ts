import { type Broker, deadLetterTopicOf, ledgerTopic, topicOf } from '@spillway/broker';
import { signals } from '@spillway/otlp';

/** Every topic there is; a dead letter keeps its partition. */
export function ensureTopics(broker: Broker, partitions: number): Promise<void> {
  const names = signals.flatMap((signal) => [topicOf[signal], deadLetterTopicOf[signal]]);
  const topics = names.map((name) => ({ name, partitions }));
  return broker.ensureTopics([...topics, { name: ledgerTopic, partitions: 1 }]);
}
