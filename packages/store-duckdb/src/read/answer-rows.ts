/** Rows for the answer to a question: DuckDB gives them out only when they fit into its room. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { AnswerRoom, Held } from '@spillway/store';
import type { Parameters, ResultRow } from './parameters.ts';

export interface Statement {
  sql: string;
  parameters: Parameters;
  /** How many it selects. */
  columns: number;
  /** SQL for those that are texts … */
  texts?: readonly string[];
  /** … and for those that are lists of texts. */
  lists?: readonly string[];
  /** Order of the rows, by their columns: an order inside the statement does not hold. */
  order?: string;
}

/** An object, and in each of its slots a number or the head of a text. */
const rowBytes = 64;
const valueBytes = 40;
/** Bytes of a value in a row that is looked at and left. */
const nativeBytes = 16;
/** Characters of a value as JSON, with its name. */
const valueChars = 24;
/** Two bytes for a character, and for one that JSON escapes. */
const perByte = 2;

/**
 * Reads all rows of a statement, and takes room for them. Throws `too-much-asked` where they do not
 * fit into the largest answer.
 */
export async function answerRows(
  connection: DuckDBConnection,
  statement: Statement,
  room: AnswerRoom,
): Promise<ResultRow[]> {
  const { columns } = statement;
  const perRow = { objects: rowBytes + columns * valueBytes, text: columns * valueChars };
  const rows: ResultRow[] = [];
  for await (const chunk of fitting(connection, statement, { room, perRow, isKept: true })) {
    for (const row of chunk) rows.push(row);
  }
  return rows;
}

/** Some at a time, of which the caller keeps none: only what DuckDB gives out has to fit. */
export function passingRows(
  connection: DuckDBConnection,
  statement: Statement,
  room: AnswerRoom,
): AsyncGenerator<ResultRow[]> {
  const perRow = { objects: statement.columns * nativeBytes, text: 0 };
  return fitting(connection, statement, { room, perRow, isKept: false });
}

async function* fitting(
  connection: DuckDBConnection,
  statement: Statement,
  { room, perRow, isKept }: { room: AnswerRoom; perRow: Held; isKept: boolean },
): AsyncGenerator<ResultRow[]> {
  for (;;) {
    const sql = guarded(statement, perRow, room.left);
    let isFirst = true;
    for await (const chunk of statement.parameters.chunks(connection, sql)) {
      if (isFirst) {
        const held = heldOf(chunk[0] as ResultRow, perRow);
        const [{ rows_found: found, is_given: isGiven } = {}] = chunk;
        if (!isGiven) break;
        if (isKept) await room.take(held);
        isFirst = false;
        if (found === 0) return;
      }
      yield chunk;
    }
    if (!isFirst) return;
    // Found out before anything was given out: the same again with the room of a large answer.
    if (room.isLarge) throw room.tooMuch();
    await room.grow();
  }
}

/** All rows, or one row that says how large they are. */
function guarded(
  { sql, texts = [], lists = [], order }: Statement,
  perRow: Held,
  { objects, text }: Held,
): string {
  const bytes = [
    ...texts.map((column) => `coalesce(strlen(${column}), 0)`),
    ...lists.map(
      (column) =>
        `coalesce(list_sum(list_transform(${column}, lambda x: ${valueBytes} + strlen(x))), 0)`,
    ),
  ];
  const size = (each: number) => `rows_found * ${each} + bytes_found * ${perByte}`;
  return `WITH answer AS MATERIALIZED (${sql}),
    size AS (SELECT count(*)::DOUBLE AS rows_found,
      coalesce(sum(${bytes.join(' + ') || '0'}), 0)::DOUBLE AS bytes_found FROM answer),
    given AS (SELECT *, ${size(perRow.objects)} <= ${Math.floor(objects)}
      AND ${perRow.text === 0 ? 'true' : `${size(perRow.text)} <= ${Math.floor(text)}`} AS is_given FROM size)
    SELECT given.*, answer.* FROM given LEFT JOIN answer ON is_given
    ${order ? `ORDER BY ${order}` : ''}`;
}

function heldOf({ rows_found: rows, bytes_found: bytes }: ResultRow, perRow: Held): Held {
  const of = (each: number) => (rows as number) * each + (bytes as number) * perByte;
  return { objects: of(perRow.objects), text: of(perRow.text) };
}
