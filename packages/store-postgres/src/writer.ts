/** Messages in, rows and applied messages out, in one transaction. */
import type { DecodedMessage, MessageOutcome, RecordOutcome } from '@spillway/store';
import { duplicate, stored } from '@spillway/store';
import type { Client, Queryable } from './client.ts';
import { dayOf, dayOfRecord } from './days.ts';
import { DatabaseError } from './errors.ts';
import {
  type AppliedRef,
  finishMessages,
  movePositions,
  nameOfMessage,
  registerMessages,
} from './messages.ts';
import { Partitions } from './partitions.ts';
import { RowInserter } from './row-inserter.ts';
import type { Row } from './tables.ts';
import { Tenants } from './tenants.ts';

const attemptsMax = 2;

interface Pending {
  message: DecodedMessage;
  ref: AppliedRef;
  rows: Row[];
}

export class Writer {
  readonly #client: Client;
  readonly #retentionMs: number;
  readonly partitions: Partitions;
  readonly tenants: Tenants;
  readonly #inserter = new RowInserter();

  constructor(client: Client, retentionMs: number) {
    this.#client = client;
    this.#retentionMs = retentionMs;
    this.partitions = new Partitions(client);
    this.tenants = new Tenants();
  }

  async apply(messages: readonly DecodedMessage[]): Promise<MessageOutcome[]> {
    if (messages.length === 0) return [];
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#applyOnce(messages);
      } catch (error) {
        const dropped = error instanceof DatabaseError && error.lacksPartition;
        if (!dropped || attempt === attemptsMax) throw error;
        this.partitions.forget();
      }
    }
  }

  /** After retention removed rows that the caches may know. */
  forget(): void {
    this.partitions.forget();
    this.#inserter.forget();
  }

  async #applyOnce(messages: readonly DecodedMessage[]): Promise<MessageOutcome[]> {
    const days = messages.map((message) => this.#daysOf(message));
    await this.partitions.ensure(days.flat());
    const unique = new Map<string, { message: DecodedMessage; days: string[] }>();
    messages.forEach((message, i) => {
      const name = nameOfMessage(message.envelope.id);
      if (!unique.has(name)) unique.set(name, { message, days: days[i] as string[] });
    });
    const { outcomes, tenants, inserted } = await this.#client.transaction(async (tx) => {
      const ids = await this.tenants.ids(
        tx,
        messages.map(({ envelope }) => envelope.tenant),
      );
      const all = [...unique.values()];
      const refs = await registerMessages(
        tx,
        all.map(({ message }) => message),
        ids,
      );
      const pending = all.map(
        ({ message, days: of }, i): Pending => pendingOf(message, refs[i] as AppliedRef, of, ids),
      );
      const learnt = await this.#write(tx, pending);
      await movePositions(tx, messages);
      return { outcomes: outcomesOf(pending), tenants: ids, inserted: learnt };
    });
    this.tenants.remember(tenants);
    this.#inserter.remember(inserted);
    return messages.map(
      ({ envelope }) => outcomes.get(nameOfMessage(envelope.id)) as MessageOutcome,
    );
  }

  #daysOf({ envelope: { receivedMs }, records }: DecodedMessage): string[] {
    const message = { receivedMs, retentionMs: this.#retentionMs };
    return records.map((record) => dayOfRecord(record, message));
  }

  async #write(tx: Queryable, pending: readonly Pending[]) {
    const fresh = pending.filter(({ ref }) => ref.fresh);
    const { first, repeated } = withoutRepeats(fresh.flatMap(({ rows }) => rows));
    const messageIds = fresh.map(({ ref }) => ref.id);
    const learnt = await this.#inserter.insert(tx, first, messageIds);
    for (const [row, original] of repeated) {
      // A repeat of a refused record is refused, too: nothing of it is stored.
      row.outcome = original.outcome.status === 'deadLetter' ? original.outcome : duplicate;
    }
    await finishMessages(
      tx,
      fresh.map(({ message, ref, rows }) => ({ id: ref.id, broken: message.broken.length, rows })),
    );
    return learnt;
  }
}

function pendingOf(
  message: DecodedMessage,
  ref: AppliedRef,
  days: readonly string[],
  tenants: ReadonlyMap<string, string>,
): Pending {
  if (!ref.fresh) return { message, ref, rows: [] };
  const { envelope, position } = message;
  const tenantId = tenants.get(envelope.tenant) as string;
  const minute = Math.floor(envelope.receivedMs / 60_000);
  const acceptedDay = dayOf(envelope.receivedMs);
  const rows = message.records.map(
    (record, i): Row => ({
      record,
      day: days[i] as string,
      tenantId,
      minute,
      acceptedDay,
      messageId: ref.id,
      position,
      resourceId: '',
      scopeId: '',
      seriesId: '',
      outcome: stored,
    }),
  );
  return { message, ref, rows };
}

/** The second record of a key in a batch is a duplicate before the database sees it. */
function withoutRepeats(rows: readonly Row[]): { first: Row[]; repeated: [Row, Row][] } {
  const byKey = new Map<string, Row>();
  const first: Row[] = [];
  const repeated: [Row, Row][] = [];
  for (const row of rows) {
    const key = `${row.record.key}${row.day}`;
    const original = byKey.get(key);
    if (original) repeated.push([row, original]);
    else {
      byKey.set(key, row);
      first.push(row);
    }
  }
  return { first, repeated };
}

function outcomesOf(pending: readonly Pending[]): Map<string, MessageOutcome> {
  return new Map(
    pending.map(({ message, ref, rows }) => [
      nameOfMessage(message.envelope.id),
      { records: ref.fresh ? rows.map(({ outcome }) => outcome) : redelivered(message, ref) },
    ]),
  );
}

/** What was refused the first time is refused again: its dead letter may not have been written. */
function redelivered({ records }: DecodedMessage, { rejected }: AppliedRef): RecordOutcome[] {
  return records.map(({ index }) => rejected.get(index) ?? stored);
}
