/** The ledger's side of the store: notes, applied messages, rows counted by looking. */
import type { Position } from '@spillway/broker';
import type { Signal } from '@spillway/otlp';
import type {
  AppliedMessage,
  LedgerNote,
  MinuteRange,
  NotedMessage,
  RowCount,
} from '@spillway/store';
import type { Cell, Client, Param, Queryable } from './client.ts';
import { arrayLiteral, escapeText, unescapeText } from './codec.ts';
import { keepPositions } from './messages.ts';
import { tablesOf } from './tables.ts';
import type { Tenants } from './tenants.ts';

const refusedSql = `INSERT INTO ledger_refused AS t (tenant_id, signal, minute, records)
   SELECT * FROM unnest($1::integer[], $2::text[], $3::integer[], $4::bigint[])
   ON CONFLICT (minute, tenant_id, signal) DO UPDATE SET records = t.records + excluded.records`;

const notedSql = `INSERT INTO ledger_noted_message (gateway, epoch, topic, partition, sequence, position,
     tenant_id, signal, minute, records)
   SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::integer[], $5::bigint[],
     $6::bigint[], $7::integer[], $8::text[], $9::integer[], $10::integer[])
   ON CONFLICT DO NOTHING`;

const noteSql = `INSERT INTO ledger_note (gateway, epoch, note, last_minute)
   SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::integer[])
   ON CONFLICT DO NOTHING RETURNING gateway, epoch, note`;

/** One transaction; a note that is there already is skipped whole. */
export async function writeNotes(
  client: Client,
  notes: readonly LedgerNote[],
  { tenants, next }: { tenants: Tenants; next: Position | undefined },
): Promise<void> {
  const named = notes.flatMap(({ messages, refused }) => [...messages, ...refused]);
  const ids = await tenants.ids(
    client,
    named.map(({ tenant }) => tenant),
  );
  await client.transaction(async (tx) => {
    if (next) await keepPositions(tx, [next]);
    const fresh = notes.length > 0 ? await newNotes(tx, notes) : [];
    await insertNoted(tx, fresh, ids);
    await insertRefused(tx, fresh, ids);
  });
}

type Ids = ReadonlyMap<string, string>;

async function insertNoted(tx: Queryable, notes: readonly LedgerNote[], ids: Ids): Promise<void> {
  const messages = notes.flatMap((note) => note.messages.map((message) => ({ note, message })));
  if (messages.length === 0) return;
  await tx.query(notedSql, [
    arrayLiteral(messages.map(({ note }) => escapeText(note.gateway))),
    arrayLiteral(messages.map(({ note }) => note.epoch)),
    arrayLiteral(messages.map(({ message }) => message.topic)),
    arrayLiteral(messages.map(({ message }) => message.partition)),
    arrayLiteral(messages.map(({ message }) => message.sequence)),
    arrayLiteral(messages.map(({ message }) => message.position ?? null)),
    arrayLiteral(messages.map(({ message }) => ids.get(message.tenant) as string)),
    arrayLiteral(messages.map(({ message }) => message.signal)),
    arrayLiteral(messages.map(({ message }) => message.minute)),
    arrayLiteral(messages.map(({ message }) => message.records)),
  ]);
}

async function insertRefused(tx: Queryable, notes: readonly LedgerNote[], ids: Ids): Promise<void> {
  const refused = summed(notes.flatMap((note) => note.refused));
  if (refused.length === 0) return;
  await tx.query(refusedSql, [
    arrayLiteral(refused.map(({ tenant }) => ids.get(tenant) as string)),
    arrayLiteral(refused.map(({ signal }) => signal)),
    arrayLiteral(refused.map(({ minute }) => minute)),
    arrayLiteral(refused.map(({ records }) => records)),
  ]);
}

async function newNotes(tx: Queryable, notes: readonly LedgerNote[]): Promise<LedgerNote[]> {
  const byName = new Map(notes.map((note) => [`${note.gateway}/${note.epoch}/${note.note}`, note]));
  const unique = [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, note]) => note);
  const { rows } = await tx.query(noteSql, [
    arrayLiteral(unique.map(({ gateway }) => escapeText(gateway))),
    arrayLiteral(unique.map(({ epoch }) => epoch)),
    arrayLiteral(unique.map(({ note }) => note)),
    arrayLiteral(unique.map(lastMinuteOf)),
  ]);
  return rows.flatMap(
    ([gateway, epoch, note]) =>
      byName.get(`${unescapeText(gateway as string)}/${epoch}/${note}`) ?? [],
  );
}

function lastMinuteOf({ messages, refused }: LedgerNote): number {
  return [...messages, ...refused].reduce((last, { minute }) => Math.max(last, minute), 0);
}

type Refused = LedgerNote['refused'][number];

/** One row per tenant, signal and minute, in the order of the key. */
function summed(refused: readonly Refused[]): Refused[] {
  const byName = new Map<string, Refused>();
  for (const one of refused) {
    const name = `${String(one.minute).padStart(12, '0')}/${one.signal}/${one.tenant}`;
    const records = (byName.get(name)?.records ?? 0) + one.records;
    byName.set(name, { ...one, records });
  }
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

/** `$1 <= minute < $2`, and the tenant unless `$3` is null; needs `t` joined. */
const inRange =
  'minute >= $1::integer AND minute < $2::integer AND ($3::text IS NULL OR t.name = $3::text)';

const minuteMax = 2_147_483_647;

export function rangeParams({ fromMinute, toMinute, tenant }: MinuteRange): Param[] {
  return [
    Math.max(0, fromMinute),
    Math.min(toMinute, minuteMax),
    tenant === undefined ? null : escapeText(tenant),
  ];
}

export const appliedColumns =
  'm.gateway, m.epoch, m.topic, m.partition, m.sequence, t.name, m.signal, m.minute, ' +
  'm.position, m.records, m.stored, m.duplicates, m.dead_lettered, m.is_foreign';
export const appliedColumnCount = 14;

export async function readApplied(db: Queryable, range: MinuteRange): Promise<AppliedMessage[]> {
  const { rows } = await db.query(
    `SELECT ${appliedColumns} FROM message_applied m JOIN tenant t ON t.id = m.tenant_id
     WHERE ${inRange} ORDER BY m.id`,
    rangeParams(range),
  );
  return rows.map(appliedOf);
}

export function appliedOf(row: readonly Cell[]): AppliedMessage {
  const [gateway, epoch, topic, partition, sequence, tenant, signal, ...rest] = row as string[];
  const [minute, position, records, stored, duplicates, deadLettered] = rest.map(Number);
  return {
    id: {
      gateway: unescapeText(gateway as string),
      epoch: Number(epoch),
      topic: topic as string,
      partition: Number(partition),
      sequence: Number(sequence),
    },
    tenant: unescapeText(tenant as string),
    signal: signal as Signal,
    minute: minute as number,
    position: position as number,
    records: records as number,
    stored: stored as number,
    duplicates: duplicates as number,
    deadLettered: deadLettered as number,
    foreign: rest[6] === 't',
  };
}

/** Rows in the tables and rows dropped, per tenant, signal and minute. */
export async function countRows(db: Queryable, range: MinuteRange): Promise<RowCount[]> {
  const looks = (Object.keys(tablesOf) as Signal[]).map(
    (signal) =>
      `SELECT tenant_id, '${signal}' AS signal, minute, count(*) AS records, 0 AS retired
       FROM ${tablesOf[signal].main.name}
       WHERE minute >= $1::integer AND minute < $2::integer GROUP BY tenant_id, minute`,
  );
  const { rows } = await db.query(
    `SELECT t.name, c.signal, c.minute, sum(c.records), sum(c.retired)
     FROM (${looks.join(' UNION ALL ')} UNION ALL
       SELECT tenant_id, signal, minute, 0, records FROM retired_count
       WHERE minute >= $1::integer AND minute < $2::integer) c
     JOIN tenant t ON t.id = c.tenant_id WHERE $3::text IS NULL OR t.name = $3::text
     GROUP BY t.name, c.signal, c.minute ORDER BY c.minute, t.name, c.signal`,
    rangeParams(range),
  );
  return rows.map(([tenant, signal, minute, records, retired]) => ({
    tenant: unescapeText(tenant as string),
    signal: signal as Signal,
    minute: Number(minute),
    rows: Number(records),
    retired: Number(retired),
  }));
}

export async function readNoted(
  db: Queryable,
  range: MinuteRange,
): Promise<(NotedMessage & { gateway: string; epoch: number })[]> {
  const { rows } = await db.query(
    `SELECT gateway, epoch, topic, partition, sequence, position, t.name, signal, minute, records
     FROM ledger_noted_message JOIN tenant t ON t.id = tenant_id WHERE ${inRange}
     ORDER BY gateway, epoch, topic, partition, sequence`,
    rangeParams(range),
  );
  return rows.map((row) => {
    const [gateway, epoch, topic, partition, sequence, position, tenant, signal] = row;
    return {
      gateway: unescapeText(gateway as string),
      epoch: Number(epoch),
      topic: topic as string,
      partition: Number(partition),
      sequence: Number(sequence),
      position: position === null ? undefined : Number(position),
      tenant: unescapeText(tenant as string),
      signal: signal as Signal,
      minute: Number(row[8]),
      records: Number(row[9]),
    };
  });
}

export async function readRefused(db: Queryable, range: MinuteRange): Promise<Refused[]> {
  const { rows } = await db.query(
    `SELECT t.name, signal, minute, records FROM ledger_refused
     JOIN tenant t ON t.id = tenant_id WHERE ${inRange} ORDER BY minute, t.name, signal`,
    rangeParams(range),
  );
  return rows.map(([tenant, signal, minute, records]) => ({
    tenant: unescapeText(tenant as string),
    signal: signal as Signal,
    minute: Number(minute),
    records: Number(records),
  }));
}
