/** Gives rows the ids of their resource, scope and series. */
import type { TelemetryRecord } from '@spillway/otlp';
import type { Queryable } from '../client.ts';
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
import { blamesData, inHalves } from './halving.ts';
import { rejection } from './messages.ts';
import { rowsPerStatement, withLimit } from './row-inserter.ts';
import { isOfSeries, type Row } from './tables.ts';

type IdColumn = 'resourceId' | 'scopeId' | 'seriesId';
type WantedOf = (record: TelemetryRecord) => Pick<Wanted, 'hash' | 'values'> | undefined;

export class RowDimensions {
  readonly #resources = newResources();
  readonly #scopes = newScopes();
  readonly #series = newSeries();

  /** Rows of a dimension that the database refuses are refused. `db` is in no transaction. */
  async find(db: Queryable, rows: readonly Row[]): Promise<void> {
    const metricTexts = new WeakMap();
    await find(db, rows, { dimension: this.#resources, column: 'resourceId', wantedOf: resource });
    await find(db, rows, { dimension: this.#scopes, column: 'scopeId', wantedOf: scope });
    await find(db, rows, {
      dimension: this.#series,
      column: 'seriesId',
      wantedOf: (of) => (isOfSeries(of) ? seriesOf(of, metricTexts) : undefined),
    });
  }

  forget(): void {
    for (const each of [this.#resources, this.#scopes, this.#series]) each.forget();
  }
}

const resource: WantedOf = ({ resource: of }) => ({
  hash: of.hash,
  values: () => resourceValues(of),
});
const scope: WantedOf = ({ scope: of }) => ({ hash: of.hash, values: () => scopeValues(of) });

interface Lookup {
  dimension: { ids(db: Queryable, wanted: Iterable<Wanted>): Promise<Map<string, string>> };
  column: IdColumn;
  wantedOf: WantedOf;
}

async function find(
  db: Queryable,
  rows: readonly Row[],
  { dimension, column, wantedOf }: Lookup,
): Promise<void> {
  const wanted = new Map<string, Wanted>();
  const names = rows.map(({ record, tenantId, seenDay }) => {
    const of = wantedOf(record);
    if (!of) return '';
    const name = nameOf({ tenantId, hash: of.hash });
    const known = wanted.get(name);
    if (!known || known.seenDay < seenDay) wanted.set(name, { ...of, tenantId, seenDay });
    return name;
  });
  const ids = new Map<string, string>();
  const refused = new Map<string, string>();
  const all = [...wanted.values()];
  for (let from = 0; from < all.length; from += rowsPerStatement) {
    await inHalves(all.slice(from, from + rowsPerStatement), {
      mayBlame: blamesData,
      work: async (part) => {
        for (const [name, id] of await dimension.ids(withLimit(db, part), part)) ids.set(name, id);
      },
      refuse: (one, reason) => refused.set(nameOf(one), reason),
    });
  }
  rows.forEach((row, i) => {
    const name = names[i] as string;
    const reason = refused.get(name);
    if (reason !== undefined) row.outcome = rejection(reason);
    row[column] = ids.get(name) ?? '';
  });
}
