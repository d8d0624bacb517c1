import { Kafka, logLevel } from 'kafkajs';
import type { ChaosLab } from '../chaos-lab.ts';
import type { Fault } from './fault.ts';

type Replicas = (partition: { leader: number; replicas: number[] }) => number[];

/** Every partition gets another leader, by reassignment without the one it has; and back. */
export const leaderMoved: Fault = {
  name: 'all leaders moved',
  shows: 'refuses',
  async begin(lab) {
    await reassign(lab, ({ leader, replicas }) => replicas.filter((id) => id !== leader));
    return () => reassign(lab, () => [1, 2, 3]);
  },
};

async function reassign(lab: ChaosLab, wanted: Replicas): Promise<void> {
  const client = new Kafka({ brokers: lab.direct.kafka ?? [], logLevel: logLevel.NOTHING });
  const admin = client.admin();
  await admin.connect();
  try {
    const { topics } = await admin.fetchTopicMetadata();
    await admin.alterPartitionReassignments({
      topics: topics
        .filter(({ name }) => name.startsWith('otlp_'))
        .map(({ name, partitions }) => ({
          topic: name,
          partitionAssignment: partitions.map((partition) => ({
            partition: partition.partitionId,
            replicas: wanted(partition),
          })),
        })),
      timeout: 10_000,
    });
  } finally {
    await admin.disconnect();
  }
}
