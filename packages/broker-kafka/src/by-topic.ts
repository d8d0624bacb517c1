/** Groups parts of topics by topic. */
export function byTopic<T extends { topic: string }, P>(
  all: readonly T[],
  partOf: (one: T) => P,
): { topic: string; partitions: P[] }[] {
  return [...Map.groupBy(all, ({ topic }) => topic)].map(([topic, own]) => ({
    topic,
    partitions: own.map(partOf),
  }));
}
