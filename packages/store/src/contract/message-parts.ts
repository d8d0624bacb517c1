/** A message cut into parts, and what a store answers to them, for the contract suites. */
import { isLastPart } from '../message-parts.ts';
import type { DecodedMessage, MessageOutcome, Sink } from '../sink.ts';

/** Parts of `size` records; `before` is filled in while they are applied. */
export function inParts(message: DecodedMessage, size: number): DecodedMessage[] {
  const { records, broken } = message;
  const total = records.length + broken.length;
  const before = { stored: 0, duplicates: 0, deadLettered: 0 };
  return Array.from({ length: Math.ceil(total / size) }, (_, n) => {
    const [from, to] = [n * size, Math.min((n + 1) * size, total)];
    const isIn = ({ index }: { index: number }) => index >= from && index < to;
    const part = { from, to, total, before };
    return { ...message, records: records.filter(isIn), broken: broken.filter(isIn), part };
  });
}

/** One by one, as a consumer does; `before` counts from the first part on. */
export async function applyParts(
  store: Pick<Sink, 'apply'>,
  parts: readonly DecodedMessage[],
): Promise<string[]> {
  const before = { stored: 0, duplicates: 0, deadLettered: 0 };
  const statuses: string[] = [];
  for (const message of parts) {
    const part = message.part && { ...message.part, before: { ...before } };
    const [outcome] = await store.apply([{ ...message, part }]);
    for (const { status } of (outcome as MessageOutcome).records) {
      statuses.push(status);
      if (status === 'stored') before.stored += 1;
      else if (status === 'duplicate') before.duplicates += 1;
      else before.deadLettered += 1;
    }
    before.deadLettered += message.broken.length;
    if (isLastPart(message)) break;
  }
  return statuses;
}
