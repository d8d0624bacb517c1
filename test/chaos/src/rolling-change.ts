import { fileURLToPath } from 'node:url';
import type { ChaosLab } from './chaos-lab.ts';
import type { Fault } from './faults/fault.ts';
import type { Change } from './member.ts';

const nextVersion = fileURLToPath(new URL('./next-version.ts', import.meta.url));

const otherConfiguration = {
  SPILLWAY_GATEWAY_LINGER_MS: '10',
  SPILLWAY_GATEWAY_BATCH_BYTES_MAX: '65536',
  SPILLWAY_GATEWAY_PUBLISHES_IN_FLIGHT_MAX: '2',
};

/** Every process, one after the other, as an operator rolls out and rolls back. */
export const rollingChange: Fault = {
  name: 'a new version with a new configuration, process by process, and back',
  shows: 'cuts',
  async begin(lab) {
    await changeEach(lab, { program: nextVersion, env: otherConfiguration });
    return () => changeEach(lab, {});
  },
};

/** More than the topics have; those who come back do not know of them. */
export function partitionsAdded(partitions: number): Fault {
  return {
    name: `partitions were added, up to ${partitions}`,
    shows: 'cuts',
    async begin(lab) {
      await changeEach(lab, { env: { SPILLWAY_BROKER_PARTITIONS: String(partitions) } });
      return () => changeEach(lab, {});
    },
  };
}

async function changeEach(lab: ChaosLab, change: Change): Promise<void> {
  for (const member of [...lab.members.values()]) {
    const code = await member.stop();
    if (code !== 0) throw new Error(`${member.name} stopped with ${code}:\n${member.output}`);
    await member.become(change);
  }
}
