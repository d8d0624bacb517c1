const mebibyte = 1_048_576;

/** Lines of the memory budget: blocks that are written and read, positions, and indices of segments. */
export function embeddedBrokerBudget() {
  return [
    {
      name: 'log: blocks on their way to and from the disk',
      bytes: 6 * mebibyte,
      where: 'outside' as const,
      protects: 'the process from a slow disk',
      answer: 'publishes wait for the disk, then go into the spill',
    },
  ];
}
