import type { Client } from '@elastic/elasticsearch';
import { partitionName } from '@spillway/broker';
import type { TelemetryRecord } from '@spillway/otlp';
import {
  type DecodedMessage,
  duplicate,
  isLastPart,
  type MessageOutcome,
  type RecordOutcome,
  stored,
} from '@spillway/store';
import { placeInTime } from '@spillway/store/search';
import type { IndexNames } from '../names.ts';
import { accountId, accountLine, findApplied, type Rejected } from './account.ts';
import { type BulkLine, type BulkOptions, type BulkResult, sendBulk } from './bulk.ts';
import { documentText } from './document.ts';
import { findOwners } from './owners.ts';

export interface ApplyContext {
  client: Client;
  names: IndexNames;
  bulk: BulkOptions;
  retentionMs: number;
  /** Larger at each call. */
  nextOrder: () => number;
}

/** How soon a document that the server would not take now is worth another try. */
const retryAfterMs = 1_000;

/**
 * Documents first, then the account of their messages: a crash in between makes the messages come
 * again, and they find their own documents. Throws `unavailable`.
 */
export async function applyMessages(
  context: ApplyContext,
  generation: number,
  messages: readonly DecodedMessage[],
): Promise<MessageOutcome[]> {
  const byId = new Map<string, DecodedMessage>();
  for (const message of messages) {
    const id = accountId(message);
    if (!byId.has(id)) byId.set(id, message);
  }
  // Of a message in parts the account remembers only what its last part brought: the documents
  // themselves are asked again, and answer as they did.
  const whole = new Map([...byId].filter(([, { part }]) => !part));
  const applied = await findApplied(context.client, context.names, generation, whole);
  const outcomes = new Map<string, MessageOutcome>();
  const fresh: Work[] = [];
  for (const [id, message] of byId) {
    const rejected = applied.get(id);
    const outcome = { records: rejected ? answeredAgain(message, rejected) : [] };
    outcomes.set(id, outcome);
    if (!rejected) fresh.push({ id, message, outcome });
  }
  await storeDocuments(context, generation, fresh);
  const complete = fresh.filter(({ message }) => isLastPart(message));
  await storeAccount(context, generation, complete);
  return messages.map((message) => outcomes.get(accountId(message)) as MessageOutcome);
}

interface Work {
  id: string;
  message: DecodedMessage;
  outcome: MessageOutcome;
}

/** What was refused the first time is refused again: its dead letter may not have been written. */
function answeredAgain({ records }: DecodedMessage, rejected: Rejected): RecordOutcome[] {
  const refusals = new Map(rejected.map((each) => [each.index, each]));
  return records.map(({ index }) => {
    const refusal = refusals.get(index);
    if (!refusal) return stored;
    return { status: 'deadLetter', code: refusal.code, reason: refusal.reason };
  });
}

/** The first record of the batch under a key; `again` came later and shares its fate. */
interface Candidate {
  work: Work;
  slot: number;
  again: { work: Work; slot: number }[];
}

async function storeDocuments(
  context: ApplyContext,
  generation: number,
  fresh: readonly Work[],
): Promise<void> {
  const candidates = new Map<string, Candidate>();
  const lines: BulkLine[] = [];
  for (const work of fresh) {
    for (const [slot, record] of work.message.records.entries()) {
      const earlier = candidates.get(record.key);
      if (earlier) {
        earlier.again.push({ work, slot });
        continue;
      }
      candidates.set(record.key, { work, slot, again: [] });
      lines.push(documentLine(context, generation, work, record));
    }
  }
  const results = await sendBulk(context.bulk, lines);
  const exist = lines.filter((_, i) => results[i]?.status === 'exists');
  const owners = await findOwners(context.client, exist);
  for (const [i, candidate] of [...candidates.values()].entries()) {
    settle(candidate, results[i] as BulkResult, owners.get(lines[i]?.id ?? ''));
  }
}

function documentLine(
  { names, bulk, retentionMs }: ApplyContext,
  generation: number,
  { id, message }: Work,
  record: TelemetryRecord,
): BulkLine {
  const placed = placeInTime(record, message.envelope.receivedMs, retentionMs);
  return {
    op: 'create',
    index: names.ofRecord(generation, record.signal, placed),
    id: record.key,
    document: () => {
      const { timeMs } = placed;
      return documentText(message, record, { timeMs, messageName: id, charsMax: bulk.bytesMax });
    },
  };
}

/** `owner` is the message that had stored the document before; undefined when it went meanwhile. */
function settle({ work, slot, again }: Candidate, result: BulkResult, owner?: string): void {
  const ownerOf = result.status === 'exists' ? owner : work.id;
  const outcomeFor = (id: string, isFirst: boolean): RecordOutcome => {
    if (result.status === 'refused') return { ...result, status: 'deadLetter' };
    if (result.status === 'retry') return retry(result.reason);
    if (ownerOf === undefined) return retry('the equal record was removed just now');
    return ownerOf === id && (isFirst || id !== work.id) ? stored : duplicate;
  };
  work.outcome.records[slot] = outcomeFor(work.id, true);
  for (const each of again) {
    each.work.outcome.records[each.slot] = outcomeFor(each.work.id, false);
  }
}

function retry(reason: string): RecordOutcome {
  return { status: 'retry', afterMs: retryAfterMs, reason };
}

/**
 * Only of messages that are done: one that comes again is counted when it is. What stands behind it
 * in its partition comes again, too, so that the account has the order of the partition.
 */
async function storeAccount(
  context: ApplyContext,
  generation: number,
  fresh: readonly Work[],
): Promise<void> {
  const done = beforeRetries(fresh);
  const lines = done.map(({ message, outcome }) =>
    accountLine(context.names, generation, { message, outcome, order: context.nextOrder() }),
  );
  // One after the other, up to the first that fails: that keeps the order.
  const results = await sendBulk({ ...context.bulk, concurrency: 1 }, lines);
  for (const [i, { message, outcome }] of done.entries()) {
    const result = results[i];
    if (result?.status !== 'retry' && result?.status !== 'refused') continue;
    outcome.records = message.records.map(() => retry(`account: ${result.reason}`));
  }
}

function beforeRetries(fresh: readonly Work[]): Work[] {
  const held = new Set<string>();
  return fresh.filter(({ message, outcome }) => {
    const place = partitionName(message.envelope.id);
    if (outcome.records.some(({ status }) => status === 'retry')) held.add(place);
    else if (held.has(place)) {
      outcome.records = message.records.map(() => retry('one before it is wanted again'));
    }
    return !held.has(place);
  });
}
