import {
  deadLetterHeaders,
  deadLetterTopicOf,
  headerNames,
  type OutgoingMessage,
  type PublishOutcome,
  stampHeaders,
} from '@spillway/broker';
import { extract, type Signal } from '@spillway/otlp';
import type { MessageOutcome } from '@spillway/store';
import type { InFlightMessage } from '../in-flight/in-flight-message.ts';
import type { Refusals } from './refusals.ts';

const reasonCharsMax = 1_000;

/**
 * One dead letter per message and code, holding the refused records as plain OTLP, cut from the
 * client's own bytes. Empty when nothing of the message is refused.
 */
export function deadLettersOf(
  item: InFlightMessage,
  outcome: MessageOutcome,
  group: string,
): OutgoingMessage[] {
  return deadLettersFor(item, { refusals: item.refusals(outcome), group });
}

/**
 * Makes the dead letters of a part that no store takes: `from` is the index of its first record.
 */
export function deadLettersFor(
  item: InFlightMessage,
  { refusals, group, from }: { refusals: Refusals; group: string; from?: number },
): OutgoingMessage[] {
  const { signal } = item;
  if (!signal) return [];
  return [...refusals].map(([code, { reason, indexes }]) =>
    newDeadLetter({ item, signal, group, code, reason, indexes, from }),
  );
}

interface DeadLetterParts {
  item: InFlightMessage;
  signal: Signal;
  group: string;
  code: string;
  reason: string;
  indexes: number[];
  from: number | undefined;
}

function newDeadLetter(parts: DeadLetterParts): OutgoingMessage {
  const { item, signal, group, code, reason, indexes, from } = parts;
  const { topic, partition, position, key, value } = item;
  const sorted = indexes.toSorted((a, b) => a - b);
  const whole = wholeCodes.has(code);
  const known = item.ordinals;
  const ordinals = whole
    ? item.envelope.ordinals
    : known && sorted.map((index) => known[index] ?? 0);
  return {
    topic: deadLetterTopicOf[signal],
    partition,
    key: key.length <= headerCharsMax ? key : '',
    value: [whole ? value : extract(signal, value, sorted)],
    headers: {
      ...ownHeaders(item, sorted.length),
      [deadLetterHeaders.group]: group,
      [deadLetterHeaders.code]: code,
      [deadLetterHeaders.reason]: reason.slice(0, reasonCharsMax),
      [deadLetterHeaders.source]: `${topic}/${partition}/${position}`,
      [deadLetterHeaders.records]: String(sorted.length),
      ...(from !== undefined && { [deadLetterHeaders.part]: String(from) }),
      ...(ordinals && { [headerNames.ordinals]: ordinals.join(',') }),
    },
  };
}

/** Codes of what is a dead letter whole, since its records cannot be distinguished. */
const wholeCodes: ReadonlySet<string> = new Set(['malformed-message', 'kills-its-reader']);
/**
 * Most characters of a header, and of a key: a dead letter without its records must always be
 * taken.
 */
const headerCharsMax = 1_000;

/**
 * What the message is known by, also when another program wrote it: a broker without lasting
 * positions would name its dead letter again. No other headers: they may be larger than any message
 * can be.
 */
function ownHeaders({ envelope }: InFlightMessage, records: number): Record<string, string> {
  const { traceparent = '', ...known } = envelope;
  const { gateway, epoch, sequence } = known.id;
  const stamp = { ...known, gateway, epoch, sequence, records: known.records ?? records };
  const isShort = traceparent !== '' && traceparent.length <= headerCharsMax;
  const own = { ...stampHeaders({ ...stamp, ordinals: undefined }) };
  if (isShort) own[headerNames.traceparent] = traceparent;
  return own;
}

/**
 * What is still to be published of a dead letter. One that the broker will never take, because its own
 * headers make it larger than the message it was cut from, goes without its records: they count,
 * and they are in the log at its source.
 */
export function leftToPublish(
  deadLetter: OutgoingMessage,
  outcome?: PublishOutcome,
): OutgoingMessage[] {
  if (outcome?.status === 'durable') return [];
  if (outcome?.status !== 'refused' || outcome.code !== 'too-large') return [deadLetter];
  const { [headerNames.ordinals]: _, ...headers } = deadLetter.headers;
  return [{ ...deadLetter, headers, value: [] }];
}
