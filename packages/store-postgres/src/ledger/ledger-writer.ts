/** Keeps the gateways' notes: each once, and of what two notes say of a message the later. */
import { messageName, type Position } from '@spillway/broker';
import { type LedgerNote, minuteOf, type NotedMessage } from '@spillway/ledger';
import type { Client, Queryable } from '../client.ts';
import { arrayLiteral, escapeText, unescapeText } from '../write/codec.ts';
import { keepPositions } from '../write/messages.ts';
import type { Tenants } from '../write/tenants.ts';

const refusedSql = `INSERT INTO ledger_refused AS t (tenant_id, signal, minute, records)
   SELECT * FROM unnest($1::integer[], $2::text[], $3::integer[], $4::bigint[])
   ON CONFLICT (minute, tenant_id, signal) DO UPDATE SET records = t.records + excluded.records`;

const notedSql = `INSERT INTO ledger_noted_message AS t (gateway, epoch, topic, partition, sequence,
     position, tenant_id, signal, minute, records, noted_minute)
   SELECT u.*, floor(extract(epoch FROM now()) / 60)
   FROM unnest($1::text[], $2::bigint[], $3::text[], $4::integer[], $5::bigint[],
     $6::bigint[], $7::integer[], $8::text[], $9::integer[], $10::integer[]) u
   ON CONFLICT (gateway, epoch, topic, partition, sequence) DO UPDATE
   SET position = coalesce(excluded.position, t.position), noted_minute = excluded.noted_minute`;

const spillSql = `INSERT INTO ledger_spill AS t (spill, revision, at_ms, gateway, epoch, waiting)
   VALUES ($1, $2::bigint, $3::bigint, $4, $5::bigint, $6) ON CONFLICT (spill) DO UPDATE
   SET revision = excluded.revision, at_ms = excluded.at_ms, gateway = excluded.gateway,
     epoch = excluded.epoch, waiting = excluded.waiting
   WHERE (excluded.revision, excluded.at_ms) >= (t.revision, t.at_ms)`;

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
    await keepSpills(tx, fresh);
  });
}

type Ids = ReadonlyMap<string, string>;

async function insertNoted(tx: Queryable, notes: readonly LedgerNote[], ids: Ids): Promise<void> {
  const messages = notes.flatMap((note) =>
    note.messages.map(({ gateway = note.gateway, epoch = note.epoch, ...message }) => ({
      ...message,
      gateway,
      epoch,
    })),
  );
  if (messages.length === 0) return;
  const unique = latest(messages);
  await tx.query(notedSql, [
    arrayLiteral(unique.map(({ gateway }) => escapeText(gateway))),
    arrayLiteral(unique.map(({ epoch }) => epoch)),
    arrayLiteral(unique.map(({ topic }) => topic)),
    arrayLiteral(unique.map(({ partition }) => partition)),
    arrayLiteral(unique.map(({ sequence }) => sequence)),
    arrayLiteral(unique.map(({ position }) => position ?? null)),
    arrayLiteral(unique.map(({ tenant }) => ids.get(tenant) as string)),
    arrayLiteral(unique.map(({ signal }) => signal)),
    arrayLiteral(unique.map(({ minute }) => minute)),
    arrayLiteral(unique.map(({ records }) => records)),
  ]);
}

type Named = NotedMessage & { gateway: string; epoch: number };

/** One statement cannot change a row twice: a message spilled and drained since is one. */
function latest(messages: readonly Named[]): Named[] {
  const byName = new Map<string, Named>();
  for (const message of messages) {
    const name = messageName(message);
    const position = message.position ?? byName.get(name)?.position;
    byName.set(name, { ...message, position });
  }
  return [...byName.values()];
}

async function keepSpills(tx: Queryable, notes: readonly LedgerNote[]): Promise<void> {
  for (const { spill, gateway, epoch } of notes) {
    if (!spill) continue;
    const waiting = escapeText(JSON.stringify(spill.waiting));
    const { revision, atMs } = spill;
    const values = [escapeText(spill.spill), revision, atMs, escapeText(gateway), epoch, waiting];
    await tx.query(spillSql, values);
  }
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

function lastMinuteOf({ messages, refused, spill }: LedgerNote): number {
  const noted = minuteOf(spill?.atMs ?? 0);
  return [...messages, ...refused].reduce((last, { minute }) => Math.max(last, minute), noted);
}

export type Refused = LedgerNote['refused'][number];

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
