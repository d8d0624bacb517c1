import type { AppliedMessage } from '@spillway/ledger';
import type { KeyValue } from '@spillway/otlp';
import type { SenderLog } from '../load/sender-file.ts';

/** What a store holds of the load: how often each record, and in which order its sink took them. */
export interface Census {
  /** `sender/sequence` to the number of rows or documents. */
  copies: Map<string, number>;
  /** Per sender: sequences in the order in which the sink applied their messages. */
  order: Map<string, Applied[]>;
}

interface Applied {
  sequence: number;
  /** The message that brought it, and where it lay. */
  message: string;
}

export interface Verdict {
  acknowledged: number;
  lost: string[];
  doubled: string[];
  outOfOrder: string[];
}

export function newCensus(): Census {
  return { copies: new Map(), order: new Map() };
}

export function count(census: Census, sender: string, sequence: number): void {
  const name = `${sender}/${sequence}`;
  census.copies.set(name, (census.copies.get(name) ?? 0) + 1);
}

export function identityOf(record: { attributes: KeyValue[] }): {
  sender: string;
  sequence: number;
} {
  const value = (key: string) => record.attributes.find((each) => each.key === key)?.value;
  return {
    sender: value('sender')?.stringValue ?? '?',
    sequence: Number(value('sequence')?.intValue ?? -1),
  };
}

/** The order in which a sink applied the messages that hold the rows. */
export function readOrder(
  census: Census,
  applied: readonly AppliedMessage[],
  contents: ReadonlyMap<string, { sender: string; sequences: number[] }[]>,
): void {
  for (const message of applied) {
    const name = messageName(message);
    for (const { sender, sequences } of contents.get(name) ?? []) {
      const order = census.order.get(sender) ?? [];
      census.order.set(sender, order);
      for (const sequence of sequences) {
        order.push({ sequence, message: `${name} at ${message.position}` });
      }
    }
  }
}

/** What the senders know against what the store has. */
export function judge(census: Census, logs: readonly SenderLog[]): Verdict {
  const verdict: Verdict = { acknowledged: 0, lost: [], doubled: [], outOfOrder: [] };
  for (const { name, sentAt, acknowledgedAt } of logs) {
    verdict.acknowledged += acknowledgedAt.size;
    for (const sequence of acknowledgedAt.keys()) {
      if (!census.copies.has(`${name}/${sequence}`)) verdict.lost.push(`${name}/${sequence}`);
    }
    for (const sequence of sentAt.keys()) {
      if ((census.copies.get(`${name}/${sequence}`) ?? 0) > 1) {
        verdict.doubled.push(`${name}/${sequence}`);
      }
    }
    // What was first sent after this one was acknowledged must not have been applied before it.
    let latest = { sentAt: 0, message: '' };
    for (const { sequence, message } of census.order.get(name) ?? []) {
      const acknowledged = acknowledgedAt.get(sequence) ?? Number.POSITIVE_INFINITY;
      if (acknowledged < latest.sentAt) {
        verdict.outOfOrder.push(`${name}/${sequence} of ${message} behind ${latest.message}`);
      }
      const sent = sentAt.get(sequence) ?? 0;
      if (sent > latest.sentAt) latest = { sentAt: sent, message };
    }
  }
  return verdict;
}

export function messageName({ id }: Pick<AppliedMessage, 'id'>): string {
  return `${id.gateway}/${id.epoch}/${id.topic}/${id.partition}/${id.sequence}`;
}
