import { partitionName, type TopicPartition } from '@spillway/broker';
import { fullJitterMs } from '@spillway/resilience';
import type { SpilledMessage } from '@spillway/spill';
import type { Partition } from './partition/partition.ts';
import { bytesOf, isTooLarge } from './pending-request.ts';
import type { PublishPolicy } from './publish-policy.ts';
import type { Spillover } from './spillover.ts';

export type DrainEvent =
  /** Messages in the spill that the broker refuses for good; they stay where they are. */
  | { type: 'drain-refused'; partition: string; messages: number; reason: string }
  | { type: 'drain-failed'; partition: string; error: unknown };

export interface DrainOptions {
  partition: Partition;
  policy: PublishPolicy;
  spillover: Spillover;
  publishTimeoutMs: number;
  /** It is on the broker, out of the spill. */
  onDrained: (message: SpilledMessage, position: number | undefined) => void;
  report: (event: DrainEvent) => void;
  random?: (() => number) | undefined;
}

const publishBytesMax = 1024 * 1024;
/**
 * Messages left in the spill that are so few that newer ones can wait for them: then the partition
 * is direct again.
 */
const lastMessagesMax = 512;
const backoff = { baseMs: 100, maxMs: 2000 };

/**
 * Brings what waits of one partition to the broker, in order, until nothing is left; it probes a
 * broker that is down. Resolves when the partition is direct, or at the signal.
 */
export async function drain(options: DrainOptions, abort: AbortSignal): Promise<void> {
  const { partition, policy, spillover, random } = options;
  let failures = 0;
  while (!abort.aborted) {
    if (partition.isDrained) {
      partition.handle({ type: 'drain-ended' });
      return;
    }
    if (policy.mayProbe && (await step(options, abort))) {
      failures = 0;
      continue;
    }
    if (abort.aborted) break;
    failures += 1;
    spillover.spill.release(partition.place);
    partition.handle({ type: 'drain-failed' });
    await policy.pause(fullJitterMs(failures, { ...backoff, random }) + 1, abort);
  }
  partition.handle({ type: 'stop-holding' });
}

/** False when it did not work out and must begin again with the oldest. */
async function step(options: DrainOptions, abort: AbortSignal): Promise<boolean> {
  const { partition, spillover } = options;
  const bytes = spillover.spill.nextBytes(partition.place, publishBytesMax);
  const leave = await spillover.gate.enter(bytes, abort);
  if (!leave) return false;
  try {
    const messages = await spillover.spill.next(partition.place, publishBytesMax);
    if (messages.length === 0) return await isSettled(options);
    if (partition.spilledBeside(messages.length) <= lastMessagesMax) {
      partition.handle({ type: 'hold' });
    }
    if (!partition.isHolding) await spillover.rate.take(sizeOf(messages), abort);
    return await publish(messages, options);
  } catch (error) {
    options.report({ type: 'drain-failed', partition: nameOf(options), error });
    return false;
  } finally {
    leave();
  }
}

/** Nothing is there to read: it is on its way, or lost. */
async function isSettled({ partition, spillover }: DrainOptions): Promise<boolean> {
  await partition.appended;
  if (partition.isDrained) return true;
  const { topic, partition: number } = partition.place;
  const found = spillover.spill
    .backlog()
    .find((backlog) => backlog.topic === topic && backlog.partition === number);
  partition.handle({ type: 'recounted', messages: found?.messages ?? 0 });
  return partition.isDrained;
}

async function publish(
  messages: readonly SpilledMessage[],
  options: DrainOptions,
): Promise<boolean> {
  const { partition, policy, spillover, publishTimeoutMs, onDrained } = options;
  const outcomes = await policy.inOrder(messages);
  const done: SpilledMessage[] = [];
  let ok = true;
  for (const [i, message] of messages.entries()) {
    const outcome = outcomes[i];
    if (outcome?.status === 'durable') {
      done.push(message);
      onDrained(message, outcome.position);
    } else if (outcome && isTooLarge(outcome)) {
      partition.handle({ type: 'stuck' });
      const reason = outcome.message;
      options.report({ type: 'drain-refused', partition: nameOf(options), messages: 1, reason });
    } else {
      ok = false;
    }
  }
  if (done.length > 0) {
    partition.handle({ type: 'drained', messages: done.length });
    await spillover.done(done);
  }
  // Requests wait for what is held: they are answered by the spill rather than too late.
  if (ok && !partition.isDrained && partition.heldMs > publishTimeoutMs) {
    partition.handle({ type: 'stop-holding' });
  }
  return ok;
}

function nameOf({ partition }: { partition: { place: TopicPartition } }): string {
  return partitionName(partition.place);
}

function sizeOf(messages: readonly SpilledMessage[]): number {
  return messages.reduce((sum, { value }) => sum + bytesOf(value), 0);
}
