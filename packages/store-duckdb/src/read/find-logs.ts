import type { DuckDBConnection } from '@duckdb/node-api';
import {
  type HistogramBar,
  type LogQuery,
  type LogView,
  ownRoom,
  type Page,
} from '@spillway/store';
import { emptyBars, pageLimit, readCursor, writeCursor } from '@spillway/store/search';
import { parseHex } from '../write/hex.ts';
import { logSelect, logView } from '../write/log-rows.ts';
import { attributeConditions } from './attribute-filter.ts';
import type { Pages } from './pages.ts';
import { Parameters, type ResultRow } from './parameters.ts';

/** Time first; the rest keeps the order in which the log had them. */
const sortColumns = ['time_ms', 'time_ns', 'position', 'idx', 'key'] as const;
const cursorColumns = ['ms', 'uint64', 'int64', 'int32', 'uint128'] as const;

export async function findLogs(
  connection: DuckDBConnection,
  pages: Pages,
  query: LogQuery,
): Promise<Page<LogView>> {
  const parameters = new Parameters();
  const conditions = logConditions(query, parameters);
  if (conditions === undefined) return { items: [], cursor: undefined };
  const ascending = query.order === 'asc';
  if (query.cursor !== undefined) {
    const after = readCursor(query.cursor, cursorColumns).map((v) => parameters.bind(v));
    conditions.push(`(${sortColumns.join()}) ${ascending ? '>' : '<'} (${castCursor(after)})`);
  }
  const order = sortColumns.map((column) => `${column} ${ascending ? 'ASC' : 'DESC'}`).join();
  const limit = pageLimit(query.limit);
  const places = await parameters.rows(
    connection,
    `SELECT rowid AS row, bytes, ${sortColumns.join()} FROM log_record
     WHERE ${conditions.join(' AND ')} ORDER BY ${order} LIMIT ${parameters.bind(limit + 1)}`,
  );
  const page = {
    places,
    select: (rowIs: (column: string) => string) =>
      `SELECT rowid AS row, ${logSelect} FROM log_record WHERE ${rowIs('rowid')}`,
    room: query.room ?? ownRoom(),
    view: logView,
  };
  const { items, last } = await pages.read(connection, page, limit);
  return { items, cursor: cursorOf(last) };
}

function castCursor(placeholders: readonly string[]): string {
  const types = ['BIGINT', 'UBIGINT', 'BIGINT', 'INTEGER', 'UHUGEINT'];
  return placeholders.map((placeholder, i) => `${placeholder}::${types[i]}`).join();
}

function cursorOf(row: ResultRow | undefined): string | undefined {
  return row && writeCursor(sortColumns.map((column) => row[column] as bigint));
}

/** Undefined when nothing can match: an id that is none. */
function logConditions(query: LogQuery, parameters: Parameters): string[] | undefined {
  const conditions = [
    `tenant = ${parameters.bind(query.tenant)}`,
    `time_ms >= ${parameters.bind(Math.ceil(query.fromMs))}`,
    `time_ms < ${parameters.bind(Math.ceil(query.toMs))}`,
  ];
  for (const [column, text, digits] of [
    ['trace_id', query.traceId, 32],
    ['span_id', query.spanId, 16],
  ] as const) {
    if (text === undefined) continue;
    const id = parseHex(text, digits);
    if (id === undefined) return undefined;
    conditions.push(
      `${column} = ${parameters.bind(id)}::${digits === 32 ? 'UHUGEINT' : 'UBIGINT'}`,
    );
  }
  if (query.service !== undefined) conditions.push(`service = ${parameters.bind(query.service)}`);
  if (query.severityMin !== undefined) {
    conditions.push(`severity_number >= ${parameters.bind(query.severityMin)}`);
  }
  for (const word of query.query?.toLowerCase().split(/\s+/) ?? []) {
    if (word !== '') conditions.push(`contains(words, ${parameters.bind(word)})`);
  }
  return [...conditions, ...attributeConditions(query.attributes, parameters, 'log_record')];
}

/** The range cut into `bars` equal parts; every part is there, also when it is empty. */
export async function logHistogram(
  connection: DuckDBConnection,
  query: LogQuery & { bars: number },
): Promise<HistogramBar[]> {
  const { widthMs, bars: answer } = emptyBars(query);
  const parameters = new Parameters();
  const conditions = logConditions(query, parameters);
  if (conditions === undefined) return answer;
  const from = parameters.bind(Math.ceil(query.fromMs));
  const rows = await parameters.rows(
    connection,
    `SELECT ((time_ms - ${from}) // ${parameters.bind(widthMs)})::INTEGER AS bar, ${bandSql} AS band,
       count(*)::DOUBLE AS records
     FROM log_record WHERE ${conditions.join(' AND ')} GROUP BY ALL`,
  );
  for (const { bar, band, records } of rows) {
    const counts = answer[bar as number]?.counts;
    if (counts) counts[band as string] = records as number;
  }
  return answer;
}

/** Source: logs data model, "Field: SeverityNumber". */
const bandSql = `CASE WHEN severity_number BETWEEN 1 AND 4 THEN 'trace'
  WHEN severity_number BETWEEN 5 AND 8 THEN 'debug'
  WHEN severity_number BETWEEN 9 AND 12 THEN 'info'
  WHEN severity_number BETWEEN 13 AND 16 THEN 'warn'
  WHEN severity_number BETWEEN 17 AND 20 THEN 'error'
  WHEN severity_number BETWEEN 21 AND 24 THEN 'fatal' ELSE 'unset' END`;
