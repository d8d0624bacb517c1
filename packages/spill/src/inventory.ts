import type { TopicPartition } from '@spillway/broker';
import type { FormerGateway } from './events.ts';
import type { Queue } from './queue.ts';
import type { Item, Origin } from './stretch.ts';

/** Inclusive sequences of one gateway's life in one partition. */
export interface SpilledRange extends TopicPartition {
  gateway: string;
  epoch: number;
  from: number;
  to: number;
}

/** Neighbouring sequences make one range; in the order in which they will be drained. */
export function rangesOf(queues: Iterable<Queue>): SpilledRange[] {
  const ranges: SpilledRange[] = [];
  for (const queue of queues) {
    let open: { origin: Origin; range: SpilledRange } | undefined;
    for (const item of queue.waiting()) {
      if (open?.origin === item.origin && item.messageSequence === open.range.to + 1) {
        open.range.to += 1;
        continue;
      }
      open = { origin: item.origin, range: rangeOf(queue.partition, item) };
      ranges.push(open.range);
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

function rangeOf({ topic, partition }: TopicPartition, { origin, messageSequence }: Item) {
  return { ...origin, topic, partition, from: messageSequence, to: messageSequence };
}
