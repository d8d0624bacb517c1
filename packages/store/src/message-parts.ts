/** A message that would be too much in memory at once is handed over in parts. */
import { messageName, partitionName } from '@spillway/broker';
import type { AppliedMessage } from '@spillway/ledger';
import type { DecodedMessage, MessageOutcome } from './sink.ts';

/** How many records of a message were stored, were duplicates, or became dead letters. */
export type MessageCounts = Pick<
  AppliedMessage,
  'records' | 'stored' | 'duplicates' | 'deadLettered'
>;

/**
 * Which records of a message a `DecodedMessage` holds. A part is alone in its batch, and the parts
 * of a message come in order. A message may begin again with its first part at any time: what the
 * store has of it is answered as it was. With the last part the message is applied and its position
 * passed.
 */
export interface MessagePart {
  /** Index of the first record. */
  from: number;
  /** Behind the last one; `total` of the last part. */
  to: number;
  /** Records of the whole message, broken ones too. */
  total: number;
  /** What became of the parts before. */
  before: Omit<MessageCounts, 'records'>;
}

/** The store does not have the part before this one: the message must begin again. */
export class PartMissingError extends Error {
  override readonly name = 'PartMissingError';
  readonly code = 'part-missing';

  constructor({ envelope, part }: DecodedMessage) {
    super(
      `the store has not the ${part?.from} records before this part of ${messageName(envelope.id)}`,
    );
  }
}

/** Whether a message is whole, or is the last part of one. */
export function isLastPart({ part }: DecodedMessage): boolean {
  return !part || part.to >= part.total;
}

/** Counts the whole message, with its last part. */
export function countsOf(message: DecodedMessage, outcome: MessageOutcome): MessageCounts {
  const { records, broken, earlier, part } = message;
  const count = (status: string) => outcome.records.filter((r) => r.status === status).length;
  const before = part?.before ?? { stored: 0, duplicates: 0, deadLettered: 0 };
  const of = {
    records: part?.total ?? records.length + broken.length,
    stored: before.stored + count('stored'),
    duplicates: before.duplicates + count('duplicate'),
    deadLettered: before.deadLettered + broken.length + count('deadLetter'),
  };
  if (!earlier) return of;
  return {
    records: earlier.records,
    stored: earlier.stored + of.stored - records.length,
    duplicates: earlier.duplicates + of.duplicates,
    deadLettered: earlier.deadLettered + of.deadLettered,
  };
}

/**
 * Remembers which parts a store took since it started, where it notes a message with its last part
 * alone.
 */
export class BegunMessages {
  readonly #begun = new Map<string, { name: string; to: number }>();

  /** @throws PartMissingError */
  check(message: DecodedMessage): void {
    const { part } = message;
    if (part && this.reached(message) < part.from) throw new PartMissingError(message);
  }

  /** Index behind the last record that was taken of a message that is not whole yet. */
  reached({ envelope }: DecodedMessage): number {
    const begun = this.#begun.get(partitionName(envelope.id));
    return begun?.name === messageName(envelope.id) ? begun.to : 0;
  }

  note(message: DecodedMessage): void {
    const { envelope, part } = message;
    const partition = partitionName(envelope.id);
    if (isLastPart(message)) this.#begun.delete(partition);
    else {
      const to = Math.max(part?.to ?? 0, this.reached(message));
      this.#begun.set(partition, { name: messageName(envelope.id), to });
    }
  }

  forget(): void {
    this.#begun.clear();
  }
}
