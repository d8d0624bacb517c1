import { inflationMax, responseBytesMax } from './limits.ts';

/**
 * Bytes of one record, as it is made to a document: 16 MiB of text, which is what a broker takes.
 */
const documentBytesMax = 20 * 1_048_576;
/** Its answer to a request that is not a question: of two requests at once, as text and as objects. */
const answersBytes = 2 * responseBytesMax * (inflationMax / 4);

/** Sizes from which the memory of the search store is reckoned. */
export interface ElasticsearchBudgetOptions {
  bulkBytesMax: number;
  bulkConcurrency: number;
  /** Whether this process fills it. */
  isFilled: boolean;
}

/** Lines of the memory budget: what goes to Elasticsearch, and what comes back beside answers. */
export function elasticsearchBudget(options: ElasticsearchBudgetOptions) {
  const { bulkBytesMax, bulkConcurrency, isFilled } = options;
  return [
    {
      name: 'search store: documents on their way to Elasticsearch',
      key: 'store.search.elasticsearch.bulkBytesMax',
      // The bodies that are sent, and one that is made: its documents, and all of them together.
      bytes: isFilled ? (bulkConcurrency + 2) * bulkBytesMax : 0,
      where: 'outside' as const,
      protects: 'the process from large batches',
      answer: 'a batch goes in several requests; a larger document is a dead letter',
    },
    {
      name: 'search store: the document that is made, and what Elasticsearch says of others',
      bytes: (isFilled ? documentBytesMax : 0) + answersBytes,
      where: 'heap' as const,
      protects: 'the heap from large records, and from a server that says much',
      answer: 'the request is sent again in parts, or later',
    },
  ].filter(({ bytes }) => bytes > 0);
}
