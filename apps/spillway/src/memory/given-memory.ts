import { totalmem } from 'node:os';

export interface GivenMemory {
  bytes: number;
  /** Where the number comes from, in words that an operator knows. */
  source: string;
}

/**
 * Finds how much memory the process may take: as configured, else what its container allows, else
 * the machine's.
 */
export function givenMemory(memoryBytes: number): GivenMemory {
  if (memoryBytes > 0) return { bytes: memoryBytes, source: 'process.memoryBytes' };
  const machineBytes = totalmem();
  // Without a limit it is a number beyond every machine.
  const allowedBytes = process.constrainedMemory();
  if (allowedBytes > 0 && allowedBytes < machineBytes) {
    return { bytes: allowedBytes, source: 'the memory limit of its control group' };
  }
  return { bytes: machineBytes, source: 'the memory of the machine' };
}
