/** Lines of the memory budget: the live store in memory. */
export function memoryLiveBudget(memoryBytesMax: number) {
  return [
    {
      name: 'live store: roll-ups, waiting spans, recent records and keys',
      key: 'store.live.memoryBytesMax',
      bytes: memoryBytesMax,
      where: 'heap' as const,
      protects: 'the heap from many names, tenants and large records',
      answer: 'the live view of the tenant with the most becomes shorter',
    },
  ];
}
