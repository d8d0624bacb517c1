/** The ledger's side of the store: applied messages, rows counted by looking. */

import type { AppliedMessage, MessageRange, MinuteRange, RowCount } from '@spillway/ledger';
import type { Signal } from '@spillway/otlp';
import type { Cell, Param, Queryable } from '../client.ts';
import { escapeText, unescapeText } from '../write/codec.ts';
import { tablesOf } from '../write/tables.ts';

/** `$1 <= minute < $2`, and the tenant unless `$3` is null; needs `t` joined. */
export const inRange =
  'minute >= $1::integer AND minute < $2::integer AND ($3::text IS NULL OR t.name = $3::text)';

const minuteMax = 2_147_483_647;

export function rangeParams({ fromMinute, toMinute, tenant }: MinuteRange): Param[] {
  return [
    Math.max(0, fromMinute),
    Math.min(toMinute, minuteMax),
    tenant === undefined ? null : escapeText(tenant),
  ];
}

/** Behind `inRange`: messages whose sequence leaves `$5` when divided by `$4`, at most `$6` of them. */
export const inPart = 'sequence % $4::bigint = $5::bigint';
export const atMost = 'LIMIT $6::bigint';

export function messageParams({ part, limit, ...range }: MessageRange): Param[] {
  const { index, of } = part ?? { index: 0, of: 1 };
  return [...rangeParams(range), of, index, limit ?? null];
}

export const appliedColumns =
  'm.gateway, m.epoch, m.topic, m.partition, m.sequence, t.name, m.signal, m.minute, ' +
  'm.position, m.records, m.stored, m.duplicates, m.dead_lettered, m.is_foreign';
export const appliedColumnCount = 14;

export async function readApplied(db: Queryable, range: MessageRange): Promise<AppliedMessage[]> {
  const { rows } = await db.query(
    `SELECT ${appliedColumns} FROM message_applied m JOIN tenant t ON t.id = m.tenant_id
     WHERE ${inRange} AND m.${inPart} ORDER BY m.id ${atMost}`,
    messageParams(range),
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
