const mebibyte = 1_048_576;
/** A place in every 256 KiB. */
const knownPerByte = 100 / (256 * 1024);
/** Segments, and a note, which are read one by one. */
const fewBytes = mebibyte / 4;

/** Sizes from which the memory of a spill is reckoned. */
export interface SpillBudgetOptions {
  bytesMax: number;
  indexBytesMax: number;
  /** Bytes that are read of it at once; one message may be larger. */
  drainBytesMax: number;
  /** Bytes of the largest message that may lie in it. */
  messageBytesMax: number;
}

/** Lines of the memory budget: a spill that this process owns. Its appends are bodies of requests. */
export function spillBudget(options: SpillBudgetOptions) {
  const { bytesMax, indexBytesMax, drainBytesMax, messageBytesMax } = options;
  const where = 'outside' as const;
  return [
    {
      name: 'spill: where its messages lie',
      key: 'gateway.spill.indexBytesMax',
      bytes: indexBytesMax,
      where,
      protects: 'the process from very many small messages while the broker is away',
      answer: '503 with Retry-After',
    },
    {
      name: 'spill: messages on their way to the broker',
      key: 'gateway.batchBytesMax',
      bytes: Math.max(drainBytesMax, messageBytesMax),
      where,
      protects: 'the process from many partitions that drain at once',
      answer: 'they take turns',
    },
    {
      name: 'spill: its segments and notes',
      key: 'gateway.spill.bytesMax',
      bytes: fewBytes + bytesMax * knownPerByte,
      where: 'heap' as const,
      protects: 'the heap from a large spill',
      answer: '503 with Retry-After',
    },
  ];
}
