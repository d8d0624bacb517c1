/** `message_applied`: which messages are in, and what became of their records. */
import type { MessageId, Position } from '@spillway/broker';
import { minuteOf } from '@spillway/ledger';
import { type DecodedMessage, PartMissingError, type RecordOutcome } from '@spillway/store';
import type { Queryable } from '../client.ts';
import { arrayLiteral, escapeText, unescapeText } from './codec.ts';
import type { Row } from './tables.ts';

export const rejectedCode = 'rejected-by-store';

export interface AppliedRef {
  /** message_applied.id. */
  id: string;
  /** Records from this index on are not applied yet; the ones before are of earlier transactions. */
  done: number;
  /** Outcomes of a message applied earlier, by record index. */
  rejected: ReadonlyMap<number, RecordOutcome>;
}

const identity = 'gateway, epoch, topic, partition, sequence';
const identityArrays = '$1::text[], $2::bigint[], $3::text[], $4::integer[], $5::bigint[]';

/**
 * Ids follow the order in which the messages are given. The rows are inserted in the order of their
 * identity, as by every writer, so that none waits for another in a circle: the order of positions
 * would not do, since a broker without a log gives other ones at a redelivery.
 */
const registerSql = `WITH r AS MATERIALIZED (
     SELECT nextval('message_applied_id_seq') AS id, u.* FROM unnest(${identityArrays},
       $6::integer[], $7::text[], $8::bigint[], $9::integer[], $10::bigint[], $11::integer[],
       $12::boolean[]) AS u (${identity}, tenant_id, signal, received_ms, minute, position, records,
       is_foreign))
   INSERT INTO message_applied (id, ${identity}, tenant_id, signal, received_ms, minute, position,
     records, is_foreign, stored, duplicates, dead_lettered)
   OVERRIDING SYSTEM VALUE
   SELECT r.*, 0, 0, 0 FROM r ORDER BY ${identity}
   ON CONFLICT DO NOTHING RETURNING id, ${identity}`;

const appliedSql = `SELECT m.id, ${identity.replace(/(\w+)/g, 'm.$1')},
     m.stored + m.duplicates + m.dead_lettered, r.record_index, r.reason
   FROM unnest(${identityArrays}) AS w (${identity})
   JOIN message_applied m USING (${identity})
   LEFT JOIN message_rejected r ON r.message_id = m.id`;

/** A message that is not whole yet is one writer's until he commits. */
const lockSql = `SELECT m.id FROM unnest(${identityArrays}) AS w (${identity})
   JOIN message_applied m USING (${identity}) ORDER BY m.id FOR UPDATE OF m`;

const finishSql = `UPDATE message_applied m
   SET stored = m.stored + u.stored, duplicates = m.duplicates + u.duplicates,
     dead_lettered = m.dead_lettered + u.dead_lettered
   FROM unnest($1::bigint[], $2::integer[], $3::integer[], $4::integer[])
     AS u (id, stored, duplicates, dead_lettered)
   WHERE m.id = u.id`;

const rejectSql = `INSERT INTO message_rejected (message_id, record_index, reason)
   SELECT * FROM unnest($1::bigint[], $2::integer[], $3::text[]) ON CONFLICT DO NOTHING`;

const positionSql = `INSERT INTO consumer_position AS c (topic, partition, next_position)
   SELECT * FROM unnest($1::text[], $2::integer[], $3::bigint[])
   ON CONFLICT (topic, partition)
   DO UPDATE SET next_position = GREATEST(c.next_position, excluded.next_position)`;

/** The message's identity as one string; a gateway's name has no '/'. */
export function nameOfMessage({ gateway, epoch, topic, partition, sequence }: MessageId): string {
  return `${gateway}/${epoch}/${topic}/${partition}/${sequence}`;
}

/** One reference per message. The messages differ in identity. */
export async function registerMessages(
  tx: Queryable,
  messages: readonly DecodedMessage[],
  tenants: ReadonlyMap<string, string>,
): Promise<AppliedRef[]> {
  const sorted = messages.toSorted(byPlace);
  const { rows } = await tx.query(registerSql, [
    ...identityParams(sorted),
    arrayLiteral(sorted.map(({ envelope }) => tenants.get(envelope.tenant) as string)),
    arrayLiteral(sorted.map(({ signal }) => signal)),
    arrayLiteral(sorted.map(({ envelope }) => envelope.receivedMs)),
    arrayLiteral(sorted.map(({ envelope }) => minuteOf(envelope.receivedMs))),
    arrayLiteral(sorted.map(({ position }) => position)),
    arrayLiteral(sorted.map(totalOf)),
    arrayLiteral(sorted.map(({ envelope }) => (envelope.foreign ? 't' : 'f'))),
  ]);
  const refs = new Map<string, AppliedRef>();
  for (const [id, ...of] of rows) {
    refs.set(nameOfCells(of), { id: id as string, done: 0, rejected: new Map() });
  }
  const known = sorted.filter(({ envelope }) => !refs.has(nameOfMessage(envelope.id)));
  if (known.length > 0) await readApplied(tx, known, refs);
  const begun = known.filter((message) => refOf(refs, message).done < totalOf(message));
  if (begun.length > 0) {
    await tx.query(lockSql, identityParams(begun));
    await readApplied(tx, begun, refs);
  }
  return messages.map((message) => {
    const ref = refOf(refs, message);
    if (message.part && ref.done < message.part.from) throw new PartMissingError(message);
    return ref;
  });
}

function refOf(refs: ReadonlyMap<string, AppliedRef>, { envelope }: DecodedMessage): AppliedRef {
  return refs.get(nameOfMessage(envelope.id)) as AppliedRef;
}

function totalOf({ records, broken, part }: DecodedMessage): number {
  return part?.total ?? records.length + broken.length;
}

async function readApplied(
  tx: Queryable,
  messages: readonly DecodedMessage[],
  refs: Map<string, AppliedRef>,
): Promise<void> {
  const { rows } = await tx.query(appliedSql, identityParams(messages));
  const rejectedOf = new Map<string, Map<number, RecordOutcome>>();
  for (const [id, gateway, epoch, topic, partition, sequence, done, index, reason] of rows) {
    const name = nameOfCells([gateway, epoch, topic, partition, sequence]);
    const rejected = rejectedOf.get(name) ?? new Map<number, RecordOutcome>();
    rejectedOf.set(name, rejected);
    refs.set(name, { id: id as string, done: Number(done), rejected });
    if (index !== null && index !== undefined) {
      rejected.set(Number(index), rejection(unescapeText(reason as string)));
    }
  }
}

/** Within a partition the ids follow the order of the messages. */
function byPlace(a: DecodedMessage, b: DecodedMessage): number {
  const [left, right] = [a.envelope.id, b.envelope.id];
  if (left.topic !== right.topic) return left.topic < right.topic ? -1 : 1;
  return left.partition - right.partition || a.position - b.position;
}

export function rejection(reason: string): RecordOutcome {
  return { status: 'deadLetter', code: rejectedCode, reason };
}

/** Writes what became of the records of messages that were registered in this transaction. */
export async function finishMessages(
  tx: Queryable,
  messages: readonly { id: string; broken: number; rows: readonly Row[] }[],
): Promise<void> {
  if (messages.length === 0) return;
  const counts = messages.map(({ rows, broken }) => {
    const of = { stored: 0, duplicate: 0, retry: 0, deadLetter: broken };
    for (const { outcome } of rows) of[outcome.status] += 1;
    return of;
  });
  await tx.query(finishSql, [
    arrayLiteral(messages.map(({ id }) => id)),
    arrayLiteral(counts.map((of) => of.stored)),
    arrayLiteral(counts.map((of) => of.duplicate)),
    arrayLiteral(counts.map((of) => of.deadLetter)),
  ]);
  const rejected = messages.flatMap(({ rows }) =>
    rows.flatMap(({ messageId, record, outcome }) =>
      outcome.status === 'deadLetter' ? [{ messageId, record, reason: outcome.reason }] : [],
    ),
  );
  if (rejected.length === 0) return;
  await tx.query(rejectSql, [
    arrayLiteral(rejected.map(({ messageId }) => messageId)),
    arrayLiteral(rejected.map(({ record }) => record.index)),
    arrayLiteral(rejected.map(({ reason }) => escapeText(reason))),
  ]);
}

/** Remembers, beside the rows, where each partition goes on. */
export async function movePositions(
  tx: Queryable,
  messages: readonly DecodedMessage[],
): Promise<void> {
  const next = new Map<string, Position>();
  for (const { envelope, position } of messages) {
    const { topic, partition } = envelope.id;
    const name = `${topic}/${partition}`;
    const known = next.get(name)?.position ?? 0;
    next.set(name, { topic, partition, position: Math.max(known, position + 1) });
  }
  const sorted = [...next].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, of]) => of);
  await keepPositions(tx, sorted);
}

/** The positions to read next; none ever goes back. */
export async function keepPositions(tx: Queryable, next: readonly Position[]): Promise<void> {
  await tx.query(positionSql, [
    arrayLiteral(next.map(({ topic }) => topic)),
    arrayLiteral(next.map(({ partition }) => partition)),
    arrayLiteral(next.map(({ position }) => position)),
  ]);
}

function identityParams(messages: readonly DecodedMessage[]): string[] {
  const ids = messages.map(({ envelope }) => envelope.id);
  return [
    arrayLiteral(ids.map(({ gateway }) => escapeText(gateway))),
    arrayLiteral(ids.map(({ epoch }) => epoch)),
    arrayLiteral(ids.map(({ topic }) => topic)),
    arrayLiteral(ids.map(({ partition }) => partition)),
    arrayLiteral(ids.map(({ sequence }) => sequence)),
  ];
}

function nameOfCells(cells: readonly (string | null | undefined)[]): string {
  const [gateway, ...rest] = cells;
  return [unescapeText(gateway ?? ''), ...rest].join('/');
}
