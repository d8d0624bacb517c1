/**
 * The advisory locks of one database, all held to the end of a transaction. Whoever takes several
 * takes them in this order: retention, days, applying, schema.
 */
import type { Queryable } from '../client.ts';
import { dayMs } from '../write/days.ts';

const schema = 5_317_425_533;
const retention = 5_317_425_534;
const applying = 5_317_425_535;
/** First half of the lock of a day; the other is the day's number. */
const dayClass = 531_742;

/** Migrations and partitions are made, and partitions dropped, by one at a time. */
export async function lockSchema(tx: Queryable): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(${schema})`);
}

/** Waits until no other transaction drops days. */
export async function lockRetention(tx: Queryable): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(${retention})`);
}

/**
 * Waits until the days may be written to. It comes before any table is touched, so that a
 * transaction that waits here holds nothing that others want.
 */
export async function lockForApply(tx: Queryable, days: readonly string[]): Promise<void> {
  const ofDays = days
    .toSorted()
    .map((day) => `SELECT pg_advisory_xact_lock_shared(${dayClass}, ${numberOf(day)});`);
  await tx.script(`${ofDays.join('')}SELECT pg_advisory_xact_lock_shared(${applying});`);
}

/** Waits until every `apply` under way has come to its end; new ones wait for this transaction. */
export async function lockOutApply(tx: Queryable): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(${applying})`);
}

/** Waits for the writers of the day; nothing writes to it until the transaction ends. */
export async function lockOutDay(tx: Queryable, day: string): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(${dayClass}, ${numberOf(day)})`);
}

function numberOf(day: string): number {
  return Date.parse(day) / dayMs;
}
