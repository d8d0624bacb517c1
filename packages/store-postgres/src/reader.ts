/** Records read back as they were applied, a bounded number of messages at a time. */
import type { Metric, Resource, Scope, Signal, TelemetryRecord } from '@spillway/otlp';
import type { StoredMessage, WriteStore } from '@spillway/store';
import { lockOutApply } from './admin/locks.ts';
import type { Cell, Client, Queryable } from './client.ts';
import { appliedColumnCount, appliedColumns, appliedOf, rangeParams } from './ledger/ledger.ts';
import * as codec from './write/codec.ts';
import { type Child, hasSeries, tablesOf } from './write/tables.ts';

const messagesPerPage = 200;
/** A page ends after the message that reaches it. */
const recordsPerPage = 5_000;
const idMax = String(2n ** 63n - 1n);

interface Message {
  id: string;
  minute: number;
  stored: StoredMessage;
}

type Fields = Record<string, unknown>;

type Range = Parameters<WriteStore['readBack']>[0];

/** Every message applied has an id up to the mark, and every later one a higher id. */
export async function readMark(client: Client): Promise<string> {
  return await client.transaction(async (tx) => {
    await lockOutApply(tx);
    const { rows } = await tx.query('SELECT coalesce(max(id), 0) FROM message_applied');
    return rows[0]?.[0] as string;
  });
}

/** Pages by key: no transaction stays open, which would hold up retention and vacuum. */
export async function* readBack(db: Queryable, range: Range): AsyncGenerator<StoredMessage> {
  let after: Pick<Message, 'minute' | 'id'> = { minute: -1, id: '0' };
  while (true) {
    const page = await readMessages(db, range, after);
    const last = page.at(-1);
    if (!last) return;
    await fillRecords(db, range.signal, page);
    for (const { stored } of page) yield stored;
    after = last;
  }
}

async function readMessages(
  db: Queryable,
  range: Range,
  after: Pick<Message, 'minute' | 'id'>,
): Promise<Message[]> {
  const { rows } = await db.query(
    `SELECT ${appliedColumns}, m.id, m.received_ms
     FROM message_applied m JOIN tenant t ON t.id = m.tenant_id
     WHERE m.minute >= $1::integer AND m.minute < $2::integer
       AND ($3::text IS NULL OR t.name = $3::text) AND m.signal = $4::text
       AND (m.minute, m.id) > ($5::integer, $6::bigint)
       AND m.id > $7::bigint AND m.id <= $8::bigint
       AND m.stored + m.duplicates + m.dead_lettered >= m.records
     ORDER BY m.minute, m.id LIMIT ${messagesPerPage}`,
    [
      ...[...rangeParams(range), range.signal, after.minute, after.id],
      ...[range.after ?? '0', range.upTo ?? idMax],
    ],
  );
  const messages: Message[] = [];
  let records = 0;
  for (const row of rows) {
    if (records >= recordsPerPage) break;
    const applied = appliedOf(row);
    const [id, receivedMs] = row.slice(appliedColumnCount);
    const stored = { applied, receivedMs: Number(receivedMs), records: [] };
    messages.push({ id: id as string, minute: applied.minute, stored });
    records += applied.records;
  }
  return messages;
}

/** What the queries of one page select by. */
function pageParams(page: readonly Message[]): string[] {
  return [
    String(page[0]?.minute),
    String(page.at(-1)?.minute),
    `{${page.map(({ id }) => id).join(',')}}`,
  ];
}

const inPage = 'minute BETWEEN $1::integer AND $2::integer AND message_id = ANY ($3::bigint[])';

async function fillRecords(db: Queryable, signal: Signal, page: readonly Message[]) {
  const { main, children } = tablesOf[signal];
  const own = ['key', 'message_id', 'record_index', 'resource_id', 'scope_id'];
  if (hasSeries(signal)) own.push('series_id');
  const columns = [...own, ...main.fields.map(({ column }) => column)];
  const params = pageParams(page);
  const { rows } = await db.query(
    `SELECT ${columns.join(', ')} FROM ${main.name} WHERE ${inPage}
     ORDER BY message_id, record_index`,
    params,
  );
  const context = await readContext(db, signal, rows);
  const byMessage = new Map(page.map((message) => [message.id, message]));
  const byKey = new Map<string, Fields>();
  for (const row of rows) {
    const [key, messageId, index, resourceId, scopeId] = row as string[];
    const record: Fields = {
      signal,
      key: codec.hash.read(key as string),
      index: Number(index),
      resource: context.resources.get(resourceId as string),
      scope: context.scopes.get(scopeId as string),
    };
    if (hasSeries(signal)) Object.assign(record, context.series.get(row[5] as string));
    for (const { property } of children) record[property] = [];
    main.readFields(record as never, row, own.length);
    byKey.set(key as string, record);
    const message = byMessage.get(messageId as string);
    message?.stored.records.push(record as unknown as TelemetryRecord);
  }
  for (const child of children) await fillChildren(db, child, { params, byKey });
}

async function fillChildren(
  db: Queryable,
  { table, keyColumn, property }: Child,
  page: { params: string[]; byKey: ReadonlyMap<string, Fields> },
): Promise<void> {
  const columns = [keyColumn, ...table.fields.map(({ column }) => column)];
  const { rows } = await db.query(
    `SELECT ${columns.join(', ')} FROM ${table.name} WHERE ${inPage} ORDER BY ordinal`,
    page.params,
  );
  for (const row of rows) {
    const list = page.byKey.get(row[0] as string)?.[property] as unknown[] | undefined;
    list?.push(table.readFields({} as never, row, 1));
  }
}

const attributes = codec.json<Resource['attributes']>();

async function readContext(db: Queryable, signal: Signal, rows: readonly Cell[][]) {
  const idsAt = (column: number) => `{${[...new Set(rows.map((row) => row[column]))].join(',')}}`;
  const select = async (sql: string, ids: string) =>
    (await db.query(`${sql} WHERE id = ANY ($1::bigint[])`, [ids])).rows as string[][];
  const resources = await select(
    'SELECT id, hash, service, attributes, dropped_attributes_count, schema_url FROM resource',
    idsAt(3),
  );
  const scopes = await select(
    `SELECT id, hash, name, version, attributes, dropped_attributes_count, schema_url FROM scope`,
    idsAt(4),
  );
  const series = hasSeries(signal)
    ? await select(
        `SELECT id, series_key, name, description, unit, type, temporality, monotonic, metadata,
             attributes FROM metric_series`,
        idsAt(5),
      )
    : [];
  return {
    resources: new Map(resources.map((row) => [row[0], resourceOf(row)])),
    scopes: new Map(scopes.map((row) => [row[0], scopeOf(row)])),
    series: new Map(series.map((row) => [row[0], seriesOf(row)])),
  };
}

function resourceOf(row: readonly string[]): Resource {
  const [, hash, service, of, dropped, schemaUrl] = row as [string, ...string[]];
  return {
    hash: codec.hash.read(hash as string),
    service: codec.text.read(service as string),
    attributes: attributes.read(of as string),
    droppedAttributesCount: Number(dropped),
    schemaUrl: codec.text.read(schemaUrl as string),
  };
}

function scopeOf(row: readonly string[]): Scope {
  const [, hash, name, version, of, dropped, schemaUrl] = row;
  return {
    hash: codec.hash.read(hash as string),
    name: codec.text.read(name as string),
    version: codec.text.read(version as string),
    attributes: attributes.read(of as string),
    droppedAttributesCount: Number(dropped),
    schemaUrl: codec.text.read(schemaUrl as string),
  };
}

function seriesOf(row: readonly string[]) {
  const [, seriesKey, name, description, unit, type, temporality, monotonic, metadata, of] = row;
  const metric: Metric = {
    name: codec.text.read(name as string),
    description: codec.text.read(description as string),
    unit: codec.text.read(unit as string),
    type: type as Metric['type'],
    temporality: Number(temporality),
    monotonic: codec.bool.read(monotonic as string),
    metadata: attributes.read(metadata as string),
  };
  const series = codec.hash.read(seriesKey as string);
  return { metric, seriesKey: series, attributes: attributes.read(of as string) };
}
