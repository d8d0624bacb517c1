import type { KeyValue } from '@spillway/otlp';
import type { AppliedMessage } from '@spillway/store';
import type { SenderLog } from './load.ts';

/** What a store holds of the load: how often each record, and in which order its sink took them. */
export interface Census {
  /** `sender/sequence` to the number of rows or documents. */
  copies: Map<string, number>;
  /** Per sender: sequences in the order in which the sink applied their messages. */
  order: Map<string, number[]>;
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
    for (const { sender, sequences } of contents.get(messageName(message)) ?? []) {
      census.order.set(sender, [...(census.order.get(sender) ?? []), ...sequences]);
    }
  }
}

/** What the senders know against what the store has. */
export function judge(census: Census, logs: readonly SenderLog[]): Verdict {
  const verdict: Verdict = { acknowledged: 0, lost: [], doubled: [], outOfOrder: [] };
  for (const { name, acknowledged } of logs) {
    verdict.acknowledged += acknowledged.length;
    for (const sequence of acknowledged) {
      if (!census.copies.has(`${name}/${sequence}`)) verdict.lost.push(`${name}/${sequence}`);
    }
    // Each was sent after the one before it was acknowledged, so their order is promised.
    const promised = new Set(acknowledged);
    const order = (census.order.get(name) ?? []).filter((sequence) => promised.has(sequence));
    order.forEach((sequence, i) => {
      if (sequence < (order[i - 1] ?? 0)) verdict.outOfOrder.push(`${name}/${sequence}`);
    });
  }
  for (const [name, copies] of census.copies) if (copies > 1) verdict.doubled.push(name);
  return verdict;
}

export function messageName({ id }: Pick<AppliedMessage, 'id'>): string {
  return `${id.gateway}/${id.epoch}/${id.topic}/${id.partition}/${id.sequence}`;
}
