import type { Broker, OutgoingMessage } from '@spillway/broker';
import type { ConsumerLimits } from '../config.ts';
import { type ConsumerEvent, deadLetterEvent } from '../consumer-event.ts';
import { retryUntilDone } from '../retry-until-done.ts';
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
 * @returns false when the signal ended it
 */
export async function publishDeadLetters(
  deadLetters: readonly OutgoingMessage[],
  options: DeadLetterPublisherOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const { broker, group, limits, random, report, onRetry, onTrouble } = options;
  if (!deadLetters.length) return true;
  let left = [...deadLetters];
  const { retryBaseMs: baseMs, retryMaxMs: maxMs } = limits;
  const isDone = await retryUntilDone(
    async () => {
      const results = await broker.publish(left);
      const failed = results.find((result) => result.status !== 'durable');
      left = left.flatMap((deadLetter, i) => leftToPublish(deadLetter, results[i]));
      if (failed) throw new Error(failed.message);
    },
    {
      signal,
      backoff: { baseMs, maxMs, random },
      onFailure: (error, attempt, waitMs) => {
        onRetry();
        onTrouble(`dead letters are not taken: ${error.message}`);
        report?.({ type: 'dead-letter-refused', group, attempt, waitMs, error });
      },
    },
  );
  if (!isDone) return false;
  onTrouble(undefined);
  for (const { headers } of deadLetters) report?.(deadLetterEvent(group, headers));
  return true;
}
