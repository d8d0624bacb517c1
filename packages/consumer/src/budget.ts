import type { ConsumerLimits } from './config.ts';

/** Batches in hand, the one that the sink has among them, and the one that is read meanwhile. */
const batchesMax = 5;
/** Of records to the bytes that they came in: small spans with few attributes. */
const decodedFactor = 12;

export interface ConsumerBudgetOptions {
  /** Where its records go, as the operator knows it: `the write store`. */
  store: string;
  /** Of its section: `writer.batchBytesMax`. */
  key: string;
}

/** Lines of the memory budget: what one consumer may hold. */
export function consumerBudget(
  { batchBytesMax }: Pick<ConsumerLimits, 'batchBytesMax'>,
  { store, key }: ConsumerBudgetOptions,
) {
  const protects = 'the process from a store that is slow, whatever waits in the log';
  const answer = 'it reads no further; the lag grows';
  const line = { key, protects, answer };
  return [
    {
      ...line,
      name: `messages in hand for ${store}`,
      bytes: batchesMax * batchBytesMax,
      where: 'outside' as const,
    },
    {
      ...line,
      name: `records decoded for ${store}`,
      bytes: decodedFactor * batchBytesMax,
      where: 'heap' as const,
    },
  ];
}
