/** Messages whose rows are too much for one transaction: DuckDB holds it in memory until commit. */
import { type DecodedMessage, isLastPart, type MessageOutcome, stored } from '@spillway/store';
import { inTransaction } from '../transaction.ts';
import {
  type ApplyContext,
  applyBatch,
  candidatesOf,
  findApplied,
  idText,
  insertRows,
  movePositions,
  noteApplied,
  refuseAgain,
  TooManyBytesError,
} from './apply-batch.ts';
import type { Candidate } from './duplicates.ts';

/**
 * Applies messages in one transaction where they fit, which they nearly always do, else in several.
 */
export async function applyMessages(
  context: ApplyContext,
  messages: readonly DecodedMessage[],
): Promise<MessageOutcome[]> {
  if (messages[0]?.part) return [await applyPart(context, messages[0])];
  try {
    return await applyBatch(context, messages);
  } catch (error) {
    if (!(error instanceof TooManyBytesError)) throw error;
  }
  const [only] = messages;
  if (only && messages.length === 1) return [await applyLarge(context, only)];
  const outcomes: MessageOutcome[] = [];
  for (const message of messages) outcomes.push(...(await applyMessages(context, [message])));
  return outcomes;
}

/** A message in parts is as one in pieces, save that others may come between its parts. */
async function applyPart(context: ApplyContext, message: DecodedMessage): Promise<MessageOutcome> {
  const applied = await findApplied(context.connection, [message]);
  if (!applied.has(idText(message))) return await applyLarge(context, message);
  const outcome: MessageOutcome = { records: message.records.map(() => stored) };
  refuseAgain(context, [{ message, outcome }]);
  return outcome;
}

/**
 * The rows are committed by halves, and only then is the message noted as applied: after a crash in
 * between it is delivered again, and knows its own rows.
 */
async function applyLarge(context: ApplyContext, message: DecodedMessage): Promise<MessageOutcome> {
  const outcome: MessageOutcome = { records: message.records.map(() => stored) };
  const work = { message, outcome };
  await insertHalves(context, candidatesOf(work, context.retentionMs));
  if (!isLastPart(message)) return outcome;
  await inTransaction(context.connection, async () => {
    await noteApplied(context.connection, [work]);
    await movePositions(context.connection, [message]);
  });
  return outcome;
}

async function insertHalves(
  context: ApplyContext,
  candidates: readonly Candidate[],
): Promise<void> {
  const middle = candidates.length >> 1;
  try {
    await inTransaction(context.connection, () => insertRows(context, candidates));
    context.dimensions.remember();
  } catch (error) {
    context.dimensions.abandon();
    if (!(error instanceof TooManyBytesError) || middle === 0) throw error;
    await insertHalves(context, candidates.slice(0, middle));
    await insertHalves(context, candidates.slice(middle));
  }
}
