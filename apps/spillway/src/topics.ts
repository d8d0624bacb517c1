import { deadLetterTopicOf, ledgerTopic, type TopicSpec, topicOf } from '@spillway/broker';
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
