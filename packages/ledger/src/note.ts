import { nameCharsMax, signalOf, timeMsMax } from '@spillway/broker';
import { isSignal } from '@spillway/otlp';
import type { LedgerNote, NotedMessage, SpilledRange, SpillNote } from './facts.ts';

/** Bytes of a note; the largest ones of a gateway have some hundred KB. */
const noteBytesMax = 2 * 1024 * 1024;
/** Largest partition, minute and number of records in one message, as stores hold them. */
const int32Max = 2 ** 31 - 1;

/** Encodes a note as the bytes of its message. */
export function encodeNote(note: LedgerNote): Uint8Array {
  return Buffer.from(JSON.stringify(note));
}

/** Reads the note in a message; undefined when it is none, since another tool wrote the message. */
export function parseNote({ value }: { value: Uint8Array }): LedgerNote | undefined {
  if (value.byteLength > noteBytesMax) return undefined;
  try {
    const note = JSON.parse(Buffer.from(value).toString('utf8')) as LedgerNote;
    const { gateway, epoch, note: number, messages, refused, spill } = note;
    const isNote =
      isName(gateway) &&
      areWhole(epoch, number) &&
      messages.every(isMessage) &&
      refused.every(isCount) &&
      (!spill || isSpill(spill));
    return isNote ? note : undefined;
  } catch {
    return undefined;
  }
}

function isMessage(message: NotedMessage): boolean {
  const { gateway = 'of the note', epoch = 0, topic, partition, sequence, position = 0 } = message;
  return (
    isName(gateway) &&
    areWhole(epoch, sequence, position) &&
    isSmall(partition) &&
    isCount(message) &&
    signalOf(topic) === message.signal
  );
}

function isCount({ tenant, signal, minute, records }: LedgerNote['refused'][number]): boolean {
  return isName(tenant) && isSignal(signal) && isSmall(minute) && isSmall(records);
}

function isSpill({ spill, revision, atMs, waiting }: SpillNote): boolean {
  return isName(spill) && areWhole(revision, atMs) && atMs <= timeMsMax && waiting.every(isRange);
}

function isRange({ gateway, epoch, topic, partition, from, to }: SpilledRange): boolean {
  return isName(gateway) && areWhole(epoch, from, to) && isSmall(partition) && isTopic(topic);
}

/** Half a surrogate pair would become the same character as any other. */
function isName(value: unknown): boolean {
  return typeof value === 'string' && value.length <= nameCharsMax && value.isWellFormed();
}

function isTopic(value: string): boolean {
  return signalOf(value) !== undefined;
}

function isSmall(value: unknown): boolean {
  return areWhole(value) && (value as number) <= int32Max;
}

function areWhole(...values: unknown[]): boolean {
  return values.every((value) => Number.isSafeInteger(value) && (value as number) >= 0);
}
