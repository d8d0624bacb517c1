import type { ConsumerLimits } from './config.ts';

/** Batches in flight, the one that the sink has among them, and the one that is read meanwhile. */
const batchesMax = 5;
/** What the sink has, twice as much that waits behind it, and the rows that a store makes of it. */
const decodedMax = 4;

export interface ConsumerBudgetOptions {
  /** Where its records go, as the operator knows it: `the write store`. */
  store: string;
  /** Name of its section of the configuration: `writer`. */
  section: string;
}

/** Lines of the memory budget: what one consumer may hold. */
export function consumerBudget(
  { batchBytesMax, decodedBytesMax }: Pick<ConsumerLimits, 'batchBytesMax' | 'decodedBytesMax'>,
  { store, section }: ConsumerBudgetOptions,
) {
  return [
    {
      name: `messages in flight for ${store}`,
      key: `${section}.batchBytesMax`,
      bytes: batchesMax * batchBytesMax,
      where: 'outside' as const,
      protects: 'the process from a store that is slow, whatever waits in the log',
      answer: 'it reads no further; the lag grows',
    },
    {
      name: `records decoded for ${store}`,
      key: `${section}.decodedBytesMax`,
      bytes: decodedMax * decodedBytesMax,
      where: 'heap' as const,
      protects: 'the heap from small messages of very many records',
      answer: 'a message goes to the store in parts',
    },
  ];
}
