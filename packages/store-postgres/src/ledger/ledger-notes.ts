/** What the gateways' notes said. */

import type {
  KeptNotedMessage,
  KeptNotes,
  MessageRange,
  MinuteRange,
  NotedSpill,
} from '@spillway/ledger';
import type { Signal } from '@spillway/otlp';
import type { Queryable } from '../client.ts';
import { unescapeText } from '../write/codec.ts';
import { atMost, inPart, inRange, messageParams, rangeParams } from './ledger.ts';
import type { Refused } from './ledger-writer.ts';

export async function readNoted(db: Queryable, range: MessageRange): Promise<KeptNotedMessage[]> {
  const { rows } = await db.query(
    `SELECT gateway, epoch, topic, partition, sequence, position, t.name, signal, minute, records,
       coalesce(noted_minute, minute)
     FROM ledger_noted_message JOIN tenant t ON t.id = tenant_id
     WHERE ${inRange} AND ${inPart}
     ORDER BY gateway, epoch, topic, partition, sequence ${atMost}`,
    messageParams(range),
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
      notedMinute: Number(row[10]),
    };
  });
}

export async function countNoted(
  db: Queryable,
  range: MinuteRange,
): Promise<{ minute: number; messages: number }[]> {
  const { rows } = await db.query(
    `SELECT minute, count(*) FROM ledger_noted_message JOIN tenant t ON t.id = tenant_id
     WHERE ${inRange} GROUP BY minute ORDER BY minute`,
    rangeParams(range),
  );
  return rows.map(([minute, messages]) => ({ minute: Number(minute), messages: Number(messages) }));
}

/**
 * A `last_minute` below 0 marks where retention has come to. What a gateway noted before this store
 * was made is not missed: a store that is filled again begins with what the log still has.
 */
export async function readKeptNotes(db: Queryable): Promise<KeptNotes[]> {
  const { rows } = await db.query(
    `SELECT gateway, epoch, max(note), max(last_minute) FROM ledger_note
     GROUP BY gateway, epoch ORDER BY gateway, epoch`,
  );
  const gaps = await db.query(
    `SELECT gateway, epoch, before + 1, note - 1, last_minute FROM (
       SELECT gateway, epoch, note, last_minute, coalesce(lag(note) OVER w, 0) AS before
       FROM ledger_note WINDOW w AS (PARTITION BY gateway, epoch ORDER BY note)) n
     WHERE note > before + 1 AND last_minute >= (CASE before WHEN 0 THEN (
       SELECT floor(extract(epoch FROM min(applied_at)) / 60) FROM schema_version) ELSE 0 END)
     ORDER BY gateway, epoch, note`,
  );
  const missing = Map.groupBy(gaps.rows, ([gateway, epoch]) => `${gateway}/${epoch}`);
  return rows.map(([gateway, epoch, last, lastMinute]) => ({
    gateway: unescapeText(gateway as string),
    epoch: Number(epoch),
    last: Number(last),
    lastMinute: Number(lastMinute),
    missing: (missing.get(`${gateway}/${epoch}`) ?? []).map((gap) => {
      const [from, to, minute] = gap.slice(2).map(Number) as [number, number, number];
      return { from, to, minute };
    }),
  }));
}

export async function readSpills(db: Queryable): Promise<NotedSpill[]> {
  const { rows } = await db.query(
    'SELECT spill, revision, at_ms, gateway, epoch, waiting FROM ledger_spill ORDER BY spill',
  );
  return rows.map(([spill, revision, atMs, gateway, epoch, waiting]) => ({
    spill: unescapeText(spill as string),
    revision: Number(revision),
    atMs: Number(atMs),
    gateway: unescapeText(gateway as string),
    epoch: Number(epoch),
    waiting: JSON.parse(unescapeText(waiting as string)) as NotedSpill['waiting'],
  }));
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
