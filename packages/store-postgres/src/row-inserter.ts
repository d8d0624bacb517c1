/**
 * Rows of one transaction, table by table. What the database refuses is found by halving under
 * savepoints, so one poisoned record costs a few more statements and never its neighbours.
 */
import { type Signal, signals } from '@spillway/otlp';
import { duplicate } from '@spillway/store';
import type { Queryable } from './client.ts';
import { arrayLiteral } from './codec.ts';
import {
  nameOf,
  newResources,
  newScopes,
  newSeries,
  resourceValues,
  scopeValues,
  seriesOf,
  type Wanted,
} from './dimensions.ts';
import { DatabaseError } from './errors.ts';
import { rejection } from './messages.ts';
import { type ChildRow, type Row, tablesOf } from './tables.ts';

/** Bounds the text of one statement, and with it the memory that PGlite never gives back. */
const rowsPerStatement = 2_000;
/** For the same reason; rows that need more are inserted apart, or refused when alone. */
const statementCharsMax = 64 * 1_048_576;

const kinds = ['resources', 'scopes', 'series'] as const;
type Kind = (typeof kinds)[number];
type Learnt = Record<Kind, { wanted: Wanted[]; ids: Map<string, string> }>;

export class RowInserter {
  readonly #dimensions = { resources: newResources(), scopes: newScopes(), series: newSeries() };

  /**
   * Sets each row's outcome. The rows differ in day and key; `messageIds` are the messages that
   * this transaction registered. Give the result to `remember` after the commit.
   */
  async insert(tx: Queryable, rows: readonly Row[], messageIds: readonly string[]) {
    const learnt: Learnt[] = [];
    for (const signal of signals) {
      const sorted = rows.filter(({ record }) => record.signal === signal).sort(byKey);
      for (let from = 0; from < sorted.length; from += rowsPerStatement) {
        const chunk = sorted.slice(from, from + rowsPerStatement);
        await this.#insertIsolated(tx, { signal, rows: chunk, messageIds }, learnt);
      }
    }
    return learnt;
  }

  remember(learnt: readonly Learnt[]): void {
    for (const of of learnt) {
      for (const kind of kinds) this.#dimensions[kind].remember(of[kind].wanted, of[kind].ids);
    }
  }

  forget(): void {
    for (const kind of kinds) this.#dimensions[kind].forget();
  }

  async #insertIsolated(tx: Queryable, chunk: Chunk, learnt: Learnt[]): Promise<void> {
    const { rows } = chunk;
    await tx.query('SAVEPOINT chunk');
    try {
      const bounded = withLimit(tx);
      const dimensions = await this.#findDimensions(bounded, rows);
      await insertRows(bounded, chunk);
      await tx.query('RELEASE SAVEPOINT chunk');
      learnt.push(dimensions);
    } catch (error) {
      const blamesData = error instanceof DatabaseError && error.blamesData;
      // A RangeError is V8's: a string longer than it can make.
      if (!blamesData && !(error instanceof RangeError)) throw error;
      await tx.query('ROLLBACK TO SAVEPOINT chunk');
      await tx.query('RELEASE SAVEPOINT chunk');
      const [only] = rows;
      if (only && rows.length === 1) {
        only.outcome = rejection(error.message);
        return;
      }
      const middle = rows.length >> 1;
      for (const half of [rows.slice(0, middle), rows.slice(middle)]) {
        await this.#insertIsolated(tx, { ...chunk, rows: half }, learnt);
      }
    }
  }

  async #findDimensions(tx: Queryable, rows: readonly Row[]): Promise<Learnt> {
    const wanted = { resources: newWanted(), scopes: newWanted(), series: newWanted() };
    const metricTexts = new WeakMap();
    const seriesNames = rows.map((row) => {
      const { record } = row;
      want(wanted.resources, row, record.resource.hash, () => resourceValues(record.resource));
      want(wanted.scopes, row, record.scope.hash, () => scopeValues(record.scope));
      if (record.signal !== 'metrics') return '';
      const { hash, values } = seriesOf(record, metricTexts);
      return want(wanted.series, row, hash, values);
    });
    const learnt = {} as Learnt;
    for (const kind of kinds) {
      const of = [...wanted[kind].values()];
      learnt[kind] = { wanted: of, ids: await this.#dimensions[kind].ids(tx, of) };
    }
    rows.forEach((row, i) => {
      const { tenantId, record } = row;
      row.resourceId = idOf(learnt.resources.ids, tenantId, record.resource.hash);
      row.scopeId = idOf(learnt.scopes.ids, tenantId, record.scope.hash);
      row.seriesId = learnt.series.ids.get(seriesNames[i] as string) ?? '';
    });
    return learnt;
  }
}

function withLimit(tx: Queryable): Queryable {
  return {
    script: (sql) => tx.script(sql),
    query: (sql, params = []) => {
      const chars = params.reduce<number>((sum, param) => sum + String(param).length, 0);
      if (chars > statementCharsMax) {
        throw new RangeError(`${chars} characters; the store takes ${statementCharsMax} at once`);
      }
      return tx.query(sql, params);
    },
  };
}

interface Chunk {
  signal: Signal;
  rows: readonly Row[];
  messageIds: readonly string[];
}

async function insertRows(tx: Queryable, { signal, rows, messageIds }: Chunk): Promise<void> {
  const { main, children } = tablesOf[signal];
  const { count } = await tx.query(main.insertSql, main.params(rows as readonly Row<never>[]));
  let inserted = rows;
  if (count < rows.length) {
    const taken = await takenKeys(tx, main.name, rows, messageIds);
    inserted = rows.filter(({ record }) => !taken.has(record.key));
    for (const row of rows) if (taken.has(row.record.key)) row.outcome = duplicate;
  }
  for (const { table, property } of children) {
    const below = childRows(inserted, property);
    for (let from = 0; from < below.length; from += rowsPerStatement) {
      const part = below.slice(from, from + rowsPerStatement);
      await tx.query(table.insertSql, table.params(part as ChildRow<never>[]));
    }
  }
}

/** Keys that rows of other messages hold. */
async function takenKeys(
  tx: Queryable,
  table: string,
  rows: readonly Row[],
  messageIds: readonly string[],
): Promise<Set<string>> {
  const found = await tx.query(
    `SELECT replace(t.key::text, '-', '') FROM unnest($1::date[], $2::uuid[]) AS w (day, key)
     JOIN ${table} t USING (day, key) WHERE NOT t.message_id = ANY ($3::bigint[])`,
    [
      arrayLiteral(rows.map(({ day }) => day)),
      arrayLiteral(rows.map(({ record }) => record.key)),
      arrayLiteral(messageIds),
    ],
  );
  return new Set(found.rows.map(([key]) => key as string));
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

const newWanted = () => new Map<string, Wanted>();

function want(
  wanted: Map<string, Wanted>,
  { tenantId, acceptedDay }: Row,
  hash: string,
  values: Wanted['values'],
): string {
  const name = nameOf({ tenantId, hash });
  const known = wanted.get(name);
  if (known && known.seenDay >= acceptedDay) return name;
  wanted.set(name, { tenantId, hash, seenDay: acceptedDay, values });
  return name;
}

function idOf(ids: ReadonlyMap<string, string>, tenantId: string, hash: string): string {
  return ids.get(nameOf({ tenantId, hash })) as string;
}

function byKey(a: Row, b: Row): number {
  if (a.day !== b.day) return a.day < b.day ? -1 : 1;
  return a.record.key < b.record.key ? -1 : 1;
}
