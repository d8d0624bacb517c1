import type { TopicPartition } from '@spillway/broker';
import type { FormerGateway } from '../events.ts';
import type { Item, Origin } from './index-chunk.ts';
import type { Queue } from './queue.ts';

/** Inclusive sequences of one gateway's life in one partition. */
export interface SpilledRange extends TopicPartition {
  gateway: string;
  epoch: number;
  from: number;
  to: number;
}

/** Neighbouring sequences make one range; in the order of the items. */
export function rangesOf(partition: TopicPartition, items: Iterable<Item>): SpilledRange[] {
  const ranges: SpilledRange[] = [];
  let open: { origin: Origin; range: SpilledRange } | undefined;
  for (const { origin, messageSequence } of items) {
    if (open?.origin === origin && messageSequence === open.range.to + 1) open.range.to += 1;
    else {
      const range = { ...origin, ...partition, from: messageSequence, to: messageSequence };
      open = { origin, range };
      ranges.push(range);
    }
  }
  return ranges;
}

export function gatewaysOf(queues: Iterable<Queue>): FormerGateway[] {
  const found = new Map<Origin, FormerGateway>();
  for (const queue of queues) {
    for (const { origin, payloadBytes } of queue.waiting()) {
      const sum = found.get(origin) ?? { ...origin, messages: 0, bytes: 0 };
      found.set(origin, sum);
      sum.messages += 1;
      sum.bytes += payloadBytes;
    }
  }
  return [...found.values()];
}
