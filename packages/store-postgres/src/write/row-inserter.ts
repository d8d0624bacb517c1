/** Rows of one transaction, table by table, each table's in the order of its key. */
import { type Signal, signals } from '@spillway/otlp';
import { duplicate } from '@spillway/store';
import type { Param, Queryable } from '../client.ts';
import { arrayLiteral } from './codec.ts';
import { Doubts, inHalves, mayBlameData } from './halving.ts';
import { rejection } from './messages.ts';
import { type ChildRow, type Row, tablesOf } from './tables.ts';

/** Bounds the text of one statement, and with it the memory that PGlite never gives back. */
export const rowsPerStatement = 2_000;
/** For the same reason; rows that need more are inserted apart, or refused when alone. */
const statementCharsMax = 64 * 1_048_576;
/**
 * Most characters of several rows in PGlite, which keeps the memory of its largest statement for
 * good.
 */
const embeddedCharsMax = 4 * 1_048_576;

/**
 * Sets each row's outcome. The rows differ in day and key, and have the ids of their dimensions;
 * `messageIds` are the messages that this transaction registered. Every writer inserts in the same
 * order, so none waits for another in a circle.
 */
export async function insertRows(
  tx: Queryable,
  rows: readonly Row[],
  messageIds: readonly string[],
): Promise<void> {
  for (const signal of signals) {
    const sorted = rows.filter(({ record }) => record.signal === signal).sort(byKey);
    const doubts = new Doubts();
    for (let from = 0; from < sorted.length; from += rowsPerStatement) {
      const rowsOfPart = sorted.slice(from, from + rowsPerStatement);
      if (await isCopied(withLimit(tx, rowsOfPart), signal, rowsOfPart, doubts)) continue;
      await inHalves(rowsOfPart, {
        mayBlame: mayBlameData,
        work: (some) => {
          const bounded = withLimit(tx, some);
          const insert = () => insertPart(bounded, { signal, rows: some, messageIds });
          return doubts.judge(() => underSavepoint(tx, insert));
        },
        refuse: (row, reason) => {
          row.outcome = rejection(reason);
        },
      });
    }
    doubts.settle();
  }
}

/**
 * COPY costs half of what an insert does, but it fails on one key that is there. Keys come twice
 * when a client sends a request again, which is rare: then the insert finds out which.
 */
async function isCopied(
  tx: Queryable,
  signal: Signal,
  rows: readonly Row[],
  doubts: Doubts,
): Promise<boolean> {
  const { copy } = tx;
  if (!copy) return false;
  const { main, children } = tablesOf[signal];
  try {
    const copyAll = async () => {
      await copy(main.copySql, main.copyText(rows as readonly Row<never>[]));
      for (const { table, property } of children) {
        const below = childRows(rows, property);
        if (below.length > 0) await copy(table.copySql, table.copyText(below as ChildRow<never>[]));
      }
    };
    await doubts.judge(() => underSavepoint(tx, copyAll));
    return true;
  } catch (error) {
    if (mayBlameData(error)) return false;
    throw error;
  }
}

/** Statements of more text than may go at once reject with a RangeError and are not sent. */
export function withLimit(db: Queryable, { length }: { length: number }): Queryable {
  const charsMax = db.copy || length === 1 ? statementCharsMax : embeddedCharsMax;
  const check = (chars: number) => {
    if (chars <= charsMax) return;
    throw new RangeError(`${chars} characters; the store takes ${charsMax} at once`);
  };
  return {
    script: (sql) => db.script(sql),
    query: async (sql, params: readonly Param[] = []) => {
      check(params.reduce<number>((sum, param) => sum + String(param).length, 0));
      return await db.query(sql, params);
    },
    ...(db.copy && {
      copy: async (sql, text) => {
        check(text.length);
        await db.copy?.(sql, text);
      },
    }),
  };
}

async function underSavepoint(tx: Queryable, work: () => Promise<void>): Promise<void> {
  await tx.query('SAVEPOINT part');
  try {
    await work();
  } catch (error) {
    // A connection that is lost cannot roll back; the transaction is gone with it.
    await tx.script('ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part').catch(() => undefined);
    throw error;
  }
  await tx.query('RELEASE SAVEPOINT part');
}

interface Part {
  signal: Signal;
  rows: readonly Row[];
  messageIds: readonly string[];
}

async function insertPart(tx: Queryable, { signal, rows, messageIds }: Part): Promise<void> {
  const { main, children } = tablesOf[signal];
  const { count } = await tx.query(main.insertSql, main.params(rows as readonly Row<never>[]));
  let inserted = rows;
  if (count < rows.length) {
    const taken = await takenRows(tx, main.name, rows, messageIds);
    for (const row of taken) row.outcome = duplicate;
    inserted = rows.filter((row) => !taken.has(row));
  }
  for (const { table, property } of children) {
    const below = childRows(inserted, property);
    for (let from = 0; from < below.length; from += rowsPerStatement) {
      const part = below.slice(from, from + rowsPerStatement);
      await tx.query(table.insertSql, table.params(part as ChildRow<never>[]));
    }
  }
}

/** Those whose day and key a row of another message holds. */
async function takenRows(
  tx: Queryable,
  table: string,
  rows: readonly Row[],
  messageIds: readonly string[],
): Promise<Set<Row>> {
  const found = await tx.query(
    `SELECT w.number FROM unnest($1::date[], $2::uuid[]) WITH ORDINALITY AS w (day, key, number)
     JOIN ${table} t USING (day, key) WHERE NOT t.message_id = ANY ($3::bigint[])`,
    [
      arrayLiteral(rows.map(({ day }) => day)),
      arrayLiteral(rows.map(({ record }) => record.key)),
      arrayLiteral(messageIds),
    ],
  );
  return new Set(found.rows.map(([number]) => rows[Number(number) - 1] as Row));
}

function childRows(rows: readonly Row[], property: string): ChildRow<unknown>[] {
  const below: ChildRow<unknown>[] = [];
  for (const parent of rows) {
    const list = (parent.record as unknown as Record<string, unknown[]>)[property] ?? [];
    for (let ordinal = 0; ordinal < list.length; ordinal++) {
      below.push({ child: list[ordinal], ordinal, parent });
    }
  }
  return below;
}

function byKey(a: Row, b: Row): number {
  if (a.day !== b.day) return a.day < b.day ? -1 : 1;
  return a.record.key < b.record.key ? -1 : 1;
}
