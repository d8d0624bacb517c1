/** Lines of the memory budget: requests of a bulk and their answers, two at once. */
export function elasticsearchBudget({ bulkBytesMax }: { bulkBytesMax: number }) {
  return [
    {
      name: 'search store: documents on their way to Elasticsearch',
      key: 'store.search.elasticsearch.bulkBytesMax',
      bytes: 4 * bulkBytesMax,
      where: 'outside' as const,
      protects: 'the process from large batches',
      answer: 'a batch goes in several requests',
    },
  ];
}
