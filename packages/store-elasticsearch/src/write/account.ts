/** What the store remembers of the messages that it applied. */

import { createHash } from 'node:crypto';
import type { Client } from '@elastic/elasticsearch';
import { messageName } from '@spillway/broker';
import { type AppliedMessage, minuteOf, type RowCount } from '@spillway/ledger';
import type { DecodedMessage, MessageOutcome } from '@spillway/store';
import { countsOf } from '@spillway/store';
import { call } from '../client.ts';
import type { IndexNames } from '../names.ts';
import type { BulkLine } from './bulk.ts';

/** Elasticsearch takes ids of 512 bytes. */
const idBytesMax = 480;

/** The message as a document id: its name, or a hash of a long one. */
export function accountId({ envelope }: DecodedMessage): string {
  const name = messageName(envelope.id);
  if (Buffer.byteLength(name) <= idBytesMax) return name;
  return `sha256-${createHash('sha256').update(name).digest('hex')}`;
}

/** Refused records by index in their message, and why each was refused. */
export type Rejected = { index: number; code: string; reason: string }[];

/** Finds which of the messages were applied, and what was refused of them. */
export async function findApplied(
  client: Client,
  names: IndexNames,
  generation: number,
  messages: ReadonlyMap<string, DecodedMessage>,
): Promise<Map<string, Rejected>> {
  const applied = new Map<string, Rejected>();
  if (messages.size === 0) return applied;
  const asked = [...messages].map(([id, message]) => ({
    _index: names.ofAccount(generation, minuteOf(message.envelope.receivedMs)),
    _id: id,
    _source: ['rejected'],
  }));
  const { docs } = await call(() => client.mget<{ rejected?: Rejected }>({ docs: asked }));
  for (const doc of docs) {
    if ('found' in doc && doc.found) applied.set(doc._id, doc._source?.rejected ?? []);
  }
  return applied;
}

/**
 * Written after the message's documents. A message that a rebuild brings must not replace what a
 * consumer counted of it: the consumer saw all of its records.
 */
export function accountLine(
  names: IndexNames,
  generation: number,
  { message, outcome, order }: { message: DecodedMessage; outcome: MessageOutcome; order: number },
): BulkLine {
  const { envelope, signal, position } = message;
  const minute = minuteOf(message.envelope.receivedMs);
  const applied: AppliedMessage = {
    id: envelope.id,
    tenant: envelope.tenant,
    signal,
    minute,
    position,
    ...countsOf(message, outcome),
    foreign: envelope.foreign,
  };
  const entry = {
    entry: 'message',
    tenant: envelope.tenant,
    signal,
    minute,
    order,
    applied,
    rejected: rejectedOf(message, outcome),
  };
  return {
    op: message.earlier ? 'create' : 'index',
    index: names.ofAccount(generation, minute),
    id: accountId(message),
    document: () => JSON.stringify(entry),
  };
}

/** Most records of a message for which the full reason is kept; a message may have thousands. */
const reasonsMax = 100;

function rejectedOf({ records }: DecodedMessage, outcome: MessageOutcome): Rejected {
  const rejected: Rejected = [];
  for (const [slot, result] of outcome.records.entries()) {
    const { index } = records[slot] ?? {};
    if (result.status !== 'deadLetter' || index === undefined) continue;
    const { code, reason } = result;
    rejected.push({ index, code, reason: rejected.length < reasonsMax ? reason : code });
  }
  return rejected;
}

/** `source` names what was counted, so that the same count noted again replaces itself. */
export function retiredLine(
  names: IndexNames,
  generation: number,
  source: string,
  { tenant, signal, minute, retired }: Omit<RowCount, 'rows'>,
): BulkLine {
  const place = createHash('sha256').update(`${tenant}\n${signal}\n${minute}`).digest('hex');
  return {
    op: 'index',
    index: names.ofAccount(generation, minute),
    id: `retired-${source}-${place}`,
    document: () => JSON.stringify({ entry: 'retired', source, tenant, signal, minute, retired }),
  };
}
