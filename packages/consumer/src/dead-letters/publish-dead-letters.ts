import type { Broker, OutgoingMessage } from '@spillway/broker';
import { messageOf, retryUntilDone } from '@spillway/resilience';
import type { ConsumerLimits } from '../config.ts';
import { type ConsumerEvent, deadLetterEvent } from '../consumer-event.ts';
import { leftToPublish } from './dead-letter.ts';

/** What publishing dead letters needs. */
export interface DeadLetterPublisherOptions {
  group: string;
  broker: Broker;
  limits: ConsumerLimits;
  random: () => number;
  report: ((event: ConsumerEvent) => void) | undefined;
  onRetry: () => void;
  /** What keeps dead letters from being written, for `health`; undefined when nothing does. */
  onTrouble: (trouble: string | undefined) => void;
}

/**
 * Publishes dead letters, and repeats that until every one of them is durable.
 * @returns false when `abort` ended it
 */
export async function publishDeadLetters(
  deadLetters: readonly OutgoingMessage[],
  options: DeadLetterPublisherOptions,
  abort: AbortSignal,
): Promise<boolean> {
  const { broker, group, limits, random, report, onRetry, onTrouble } = options;
  if (!deadLetters.length) return true;
  let left = [...deadLetters];
  const { retryBaseMs: baseMs, retryMaxMs: maxMs } = limits;
  const publishLeft = async (): Promise<void> => {
    const results = await broker.publish(left);
    const failed = results.find((result) => result.status !== 'durable');
    left = left.flatMap((deadLetter, i) => leftToPublish(deadLetter, results[i]));
    if (failed) throw new Error(failed.message);
  };
  const onFailure = (error: unknown, failures: number, waitMs: number): void => {
    onRetry();
    onTrouble(`dead letters are not taken: ${messageOf(error)}`);
    const attempt = failures - 1;
    report?.({ type: 'dead-letter-refused', group, attempt, waitMs, error: error as Error });
  };
  try {
    await retryUntilDone(publishLeft, { baseMs, maxMs, random, abort, onFailure });
  } catch (error) {
    if (abort.aborted) return false;
    throw error;
  }
  onTrouble(undefined);
  for (const { headers } of deadLetters) report?.(deadLetterEvent(group, headers));
  return true;
}
