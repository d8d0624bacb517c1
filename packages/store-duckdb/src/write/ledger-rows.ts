import type { DuckDBConnection } from '@duckdb/node-api';
import type { AppliedMessage, MessageRange, MinuteRange, RowCount } from '@spillway/ledger';
import { type Signal, signals } from '@spillway/otlp';
import { Parameters, type ResultRow } from '../read/parameters.ts';
import { tableOf } from '../schema.ts';
import { parseIdText } from './apply-batch.ts';

/** Whoever asks bounds the range: an audit must be able to read a minute of any size. */
export async function readApplied(
  connection: DuckDBConnection,
  range: MessageRange,
): Promise<AppliedMessage[]> {
  const { part, limit } = range;
  const parameters = new Parameters();
  const conditions = [inRange(range, parameters)];
  if (part) {
    const sequence = `CAST(split_part(id, '/', 5) AS BIGINT)`;
    conditions.push(`${sequence} % ${parameters.bind(part.of)} = ${parameters.bind(part.index)}`);
  }
  const most = limit === undefined ? '' : `LIMIT ${parameters.bind(limit)}`;
  const rows = await parameters.rows(
    connection,
    `SELECT * FROM message_applied WHERE ${conditions.join(' AND ')} ORDER BY rowid ${most}`,
  );
  return rows.map(appliedMessage);
}

function appliedMessage(row: ResultRow): AppliedMessage {
  return {
    id: parseIdText(row.id as string),
    tenant: row.tenant as string,
    signal: row.signal as Signal,
    minute: row.minute as number,
    position: Number(row.position),
    records: row.records as number,
    stored: row.stored as number,
    duplicates: row.duplicates as number,
    deadLettered: row.dead_lettered as number,
    foreign: row.is_foreign === 1,
  };
}

/** Counted in the tables at each call. */
export async function countRows(
  connection: DuckDBConnection,
  range: MinuteRange,
): Promise<RowCount[]> {
  const parameters = new Parameters();
  const present = signals.map(
    (signal) =>
      `SELECT tenant, '${signal}' AS signal, minute, count(*) AS present, 0 AS retired
       FROM ${tableOf[signal]} WHERE ${inRange(range, parameters)} GROUP BY tenant, minute`,
  );
  const retired = `SELECT tenant, signal, minute, 0, records FROM retired
    WHERE ${inRange(range, parameters)}`;
  const rows = await parameters.rows(
    connection,
    `SELECT tenant, signal, minute, sum(present)::DOUBLE AS "rows", sum(retired)::DOUBLE AS retired
     FROM (${[...present, retired].join(' UNION ALL ')})
     GROUP BY tenant, signal, minute ORDER BY minute, tenant, signal`,
  );
  return rows as unknown as RowCount[];
}

function inRange({ fromMinute, toMinute, tenant }: MinuteRange, parameters: Parameters): string {
  const conditions = [
    `minute >= ${parameters.bind(fromMinute)}`,
    `minute < ${parameters.bind(toMinute)}`,
  ];
  if (tenant !== undefined) conditions.push(`tenant = ${parameters.bind(tenant)}`);
  return conditions.join(' AND ');
}
