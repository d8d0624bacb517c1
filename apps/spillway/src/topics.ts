import {
  deadLetterTopicOf,
  type GroupTopics,
  ledgerTopic,
  type TopicSpec,
  topicOf,
} from '@spillway/broker';
import { signals } from '@spillway/otlp';
import { liveGroup, searchGroup } from '@spillway/projector';
import { noteGroup, writerGroup } from '@spillway/writer';

/** Every topic there is, with the groups that read it; a dead letter keeps its partition. */
export function topicSpecs(partitions: number): TopicSpec[] {
  const groups = [writerGroup, searchGroup, liveGroup];
  return [
    ...signals.map((signal) => ({ name: topicOf[signal], partitions, groups })),
    ...signals.map((signal) => ({ name: deadLetterTopicOf[signal], partitions, kept: true })),
    { name: ledgerTopic, partitions: 1, groups: [noteGroup] },
  ];
}

/** Every consumer group there is, with the topics that it reads. */
export function groupTopics(): GroupTopics[] {
  const readings = topicSpecs(1).flatMap(({ name, groups = [] }) =>
    groups.map((group) => ({ group, topic: name })),
  );
  return [...Map.groupBy(readings, ({ group }) => group)].map(([group, read]) => ({
    group,
    topics: read.map(({ topic }) => topic),
  }));
}
