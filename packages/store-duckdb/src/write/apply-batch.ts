import type { DuckDBConnection } from '@duckdb/node-api';
import type { MessageId } from '@spillway/broker';
import { minuteOf } from '@spillway/ledger';
import { signals } from '@spillway/otlp';
import {
  countsOf,
  type DecodedMessage,
  type MessageOutcome,
  StoreError,
  stored,
} from '@spillway/store';
import { placeInTime } from '@spillway/store/search';
import { Parameters } from '../read/parameters.ts';
import { appliedColumns, positionColumns } from '../schema.ts';
import { inTransaction } from '../transaction.ts';
import { BatchRows } from './batch-rows.ts';
import { Dimensions } from './dimensions.ts';
import { type Candidate, dropDuplicates } from './duplicates.ts';
import { TableRows } from './table-rows.ts';

export interface ApplyContext {
  connection: DuckDBConnection;
  dimensions: Dimensions;
  retentionMs: number;
  /** Bytes of text that one transaction may hold. */
  bytesMax: number;
  /** Bytes of text in one row; a record above it is a dead letter. */
  rowBytesMax: number;
}

/** The rows hold more text than a transaction may; nothing of them was applied. */
export class TooManyBytesError extends StoreError {
  constructor(bytesMax: number) {
    const message = `more than ${bytesMax} bytes of text, which is what the search store takes at once`;
    super('refused', message);
  }
}

/** One transaction: rows, applied messages and positions, or nothing. Throws TooManyBytesError. */
export async function applyBatch(
  context: ApplyContext,
  messages: readonly DecodedMessage[],
): Promise<MessageOutcome[]> {
  const { connection, dimensions, retentionMs } = context;
  const outcomes = messages.map(({ records }) => ({ records: records.map(() => stored) }));
  const work = messages.map((message, i) => ({ message, outcome: outcomes[i] as MessageOutcome }));
  try {
    await inTransaction(connection, async () => {
      const applied = await findApplied(connection, messages);
      const fresh = work.filter(({ message }) => takeId(applied, message));
      const isFresh = new Set(fresh);
      refuseAgain(
        context,
        work.filter((each) => !isFresh.has(each)),
      );
      const candidates = fresh.flatMap((each) => candidatesOf(each, retentionMs));
      await insertRows(context, candidates);
      await noteApplied(connection, fresh);
      await movePositions(connection, messages);
    });
  } catch (error) {
    dimensions.abandon();
    throw error;
  }
  dimensions.remember();
  return outcomes;
}

export interface Work {
  message: DecodedMessage;
  outcome: MessageOutcome;
}

/** What was refused the first time is refused again: its dead letter may not have been written. */
export function refuseAgain(
  { retentionMs, rowBytesMax }: ApplyContext,
  again: readonly Work[],
): void {
  const unused = new BatchRows(new Dimensions(), rowBytesMax);
  for (const each of again.flatMap((work) => candidatesOf(work, retentionMs))) unused.add(each);
}

/** Inside a transaction; sets the outcome of what is no row. Throws TooManyBytesError. */
export async function insertRows(
  { connection, dimensions, bytesMax, rowBytesMax }: ApplyContext,
  candidates: readonly Candidate[],
): Promise<void> {
  const rows = new BatchRows(dimensions, rowBytesMax);
  for (const signal of signals) {
    const ofSignal = candidates.filter(({ message }) => message.signal === signal);
    for (const each of await dropDuplicates(connection, signal, ofSignal)) {
      rows.add(each);
      if (rows.bytes > bytesMax) throw new TooManyBytesError(bytesMax);
    }
  }
  await rows.insert(connection);
}

/** A redelivered message has the minute it had before, so only few rows are looked at. */
export async function findApplied(
  connection: DuckDBConnection,
  messages: readonly DecodedMessage[],
): Promise<Set<string>> {
  let fromMinute = Number.POSITIVE_INFINITY;
  let lastMinute = 0;
  for (const message of messages) {
    fromMinute = Math.min(fromMinute, minuteOf(message.envelope.receivedMs));
    lastMinute = Math.max(lastMinute, minuteOf(message.envelope.receivedMs));
  }
  const parameters = new Parameters();
  const rows = await parameters.rows(
    connection,
    `SELECT id FROM message_applied
     WHERE minute BETWEEN ${parameters.bind(fromMinute)} AND ${parameters.bind(lastMinute)}
     AND id IN (SELECT unnest(${parameters.bind(messages.map(idText))}))`,
  );
  return new Set(rows.map(({ id }) => id as string));
}

export function idText({ envelope }: DecodedMessage): string {
  const { gateway, epoch, topic, partition, sequence } = envelope.id;
  return `${gateway}/${epoch}/${topic}/${partition}/${sequence}`;
}

export function parseIdText(text: string): MessageId {
  const [gateway = '', epoch, topic = '', partition, sequence] = text.split('/');
  return {
    gateway,
    epoch: Number(epoch),
    topic,
    partition: Number(partition),
    sequence: Number(sequence),
  };
}

/** False for a message that was applied before, also earlier in the same batch. */
function takeId(applied: Set<string>, message: DecodedMessage): boolean {
  const id = idText(message);
  if (applied.has(id)) return false;
  applied.add(id);
  return true;
}

export function candidatesOf({ message, outcome }: Work, retentionMs: number): Candidate[] {
  const { receivedMs } = message.envelope;
  return message.records.map((record, slot) => ({
    message,
    record,
    placed: placeInTime(record, receivedMs, retentionMs),
    outcomes: outcome.records,
    slot,
  }));
}

export async function noteApplied(
  connection: DuckDBConnection,
  fresh: readonly Work[],
): Promise<void> {
  const rows = new TableRows(appliedColumns);
  for (const { message, outcome } of fresh) {
    const { envelope } = message;
    const counts = countsOf(message, outcome);
    rows.add({
      id: idText(message),
      tenant: envelope.tenant,
      signal: message.signal,
      minute: minuteOf(message.envelope.receivedMs),
      position: BigInt(message.position),
      records: counts.records,
      stored: counts.stored,
      duplicates: counts.duplicates,
      dead_lettered: counts.deadLettered,
      is_foreign: envelope.foreign ? 1 : 0,
    });
  }
  await rows.appendTo(connection, 'message_applied');
}

export async function movePositions(
  connection: DuckDBConnection,
  messages: readonly DecodedMessage[],
): Promise<void> {
  const nextOf = new Map<string, { topic: string; partition: number; position: number }>();
  for (const { envelope, position } of messages) {
    const { topic, partition } = envelope.id;
    const place = `${topic}/${partition}`;
    const next = Math.max(nextOf.get(place)?.position ?? 0, position + 1);
    nextOf.set(place, { topic, partition, position: next });
  }
  const rows = new TableRows(positionColumns);
  for (const { topic, partition, position } of nextOf.values()) {
    rows.add({ topic, partition, next_position: BigInt(position) });
  }
  await rows.appendTo(connection, 'consumer_position');
}
