/** Messages in, rows and applied messages out, in one transaction. */
import { minuteOf } from '@spillway/ledger';
import {
  type DecodedMessage,
  duplicate,
  isLastPart,
  type MessageOutcome,
  stored,
} from '@spillway/store';
import { lockForApply } from '../admin/locks.ts';
import type { Client, Queryable } from '../client.ts';
import { DatabaseError } from '../errors.ts';
import { dayMs, dayOf, dayOfRecord } from './days.ts';
import {
  type AppliedRef,
  finishMessages,
  movePositions,
  nameOfMessage,
  registerMessages,
} from './messages.ts';
import { Partitions } from './partitions.ts';
import { RowDimensions } from './row-dimensions.ts';
import { insertRows } from './row-inserter.ts';
import type { Row } from './tables.ts';
import { Tenants } from './tenants.ts';

/** For deadlocks; a partition that was dropped is made again at the second attempt. */
const attemptsMax = 4;

export interface WriterOptions {
  retentionMs: number;
  now: () => number;
  /** Whether the store says where each partition goes on (`nextPositions`). */
  keepsPositions: boolean;
}

interface Pending {
  message: DecodedMessage;
  rows: Row[];
}

export class Writer {
  readonly #client: Client;
  readonly #options: WriterOptions;
  readonly #partitions = new Partitions();
  readonly tenants = new Tenants();
  readonly #dimensions = new RowDimensions();

  constructor(client: Client, options: WriterOptions) {
    this.#client = client;
    this.#options = options;
  }

  async apply(messages: readonly DecodedMessage[]): Promise<MessageOutcome[]> {
    if (messages.length === 0) return [];
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#applyOnce(messages);
      } catch (error) {
        const known = error instanceof DatabaseError ? error : undefined;
        const passes = known?.lacksPartition || known?.mayPassAtOnce;
        if (!passes || attempt === attemptsMax) throw error;
        if (known.lacksPartition) this.#partitions.forget();
      }
    }
  }

  /** Partitions of the days to come, so that no batch has to wait for them. */
  async makeAhead(): Promise<void> {
    const now = this.#options.now();
    const days = [dayOf(now), dayOf(now + dayMs)];
    await this.#client.transaction(async (tx) => {
      await lockForApply(tx, days);
      await this.#partitions.ensure(tx, days);
    });
    this.#partitions.remember(days);
  }

  /** After retention removed rows that the caches may know. */
  forget(): void {
    this.#partitions.forget();
    this.#dimensions.forget();
  }

  async #applyOnce(messages: readonly DecodedMessage[]): Promise<MessageOutcome[]> {
    const unique = firstOfEach(messages);
    const tenants = await this.tenants.ids(
      this.#client,
      messages.map(({ envelope }) => envelope.tenant),
    );
    const pending = unique.map(
      (message): Pending => ({ message, rows: this.#rowsOf(message, tenants) }),
    );
    const rows = pending.flatMap((one) => one.rows);
    const days = [...new Set(rows.map(({ day }) => day))];
    await this.#dimensions.find(this.#client, rows);
    const outcomes = await this.#client.transaction(async (tx) => {
      await lockForApply(tx, days);
      await this.#partitions.ensure(tx, days);
      const refs = await registerMessages(
        tx,
        pending.map(({ message }) => message),
        tenants,
      );
      await write(tx, pending, refs);
      if (this.#options.keepsPositions) await movePositions(tx, messages.filter(isLastPart));
      return outcomesOf(pending, refs);
    });
    this.#partitions.remember(days);
    return messages.map(
      ({ envelope }) => outcomes.get(nameOfMessage(envelope.id)) as MessageOutcome,
    );
  }

  #rowsOf(message: DecodedMessage, tenants: ReadonlyMap<string, string>): Row[] {
    const { retentionMs, now } = this.#options;
    const { envelope, position } = message;
    const { receivedMs } = envelope;
    const common = {
      tenantId: tenants.get(envelope.tenant) as string,
      minute: minuteOf(receivedMs),
      seenDay: dayOf(Math.max(receivedMs, now())),
      position,
    };
    return message.records.map((record) => ({
      ...common,
      record,
      day: dayOfRecord(record, { receivedMs, retentionMs }),
      messageId: '',
      resourceId: '',
      scopeId: '',
      seriesId: '',
      outcome: stored,
    }));
  }
}

/** A message that comes again in the same batch stays where it came first. */
function firstOfEach(messages: readonly DecodedMessage[]): DecodedMessage[] {
  const byName = new Map<string, DecodedMessage>();
  for (const message of messages) {
    const name = nameOfMessage(message.envelope.id);
    if (!byName.has(name)) byName.set(name, message);
  }
  return [...byName.values()];
}

async function write(
  tx: Queryable,
  pending: readonly Pending[],
  refs: readonly AppliedRef[],
): Promise<void> {
  const fresh = pending.flatMap(({ message, rows }, i) => {
    const { id, done } = refs[i] as AppliedRef;
    const isFresh = ({ index }: { index: number }) => index >= done;
    const left = rows.filter(({ record }) => isFresh(record));
    const broken = message.broken.filter(isFresh).length;
    // Rows of a message that was applied before are those of another: what equals them is a duplicate.
    return broken + left.length > 0 ? [{ id, broken, rows: left }] : [];
  });
  for (const { id, rows } of fresh) for (const row of rows) row.messageId = id;
  const { first, repeated } = withoutRepeats(fresh.flatMap(({ rows }) => rows));
  await insertRows(
    tx,
    first.filter(({ outcome }) => outcome.status === 'stored'),
    fresh.map(({ id }) => id),
  );
  for (const [row, original] of repeated) {
    // A repeat of a refused record is refused, too: nothing of it is stored.
    row.outcome = original.outcome.status === 'deadLetter' ? original.outcome : duplicate;
  }
  await finishMessages(tx, fresh);
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

function outcomesOf(
  pending: readonly Pending[],
  refs: readonly AppliedRef[],
): Map<string, MessageOutcome> {
  return new Map(
    pending.map(({ message, rows }, i) => {
      const { done, rejected } = refs[i] as AppliedRef;
      const records = rows.map(({ record: { index }, outcome }) => {
        // What was refused the first time is refused again: its dead letter may not be written.
        return index < done ? (rejected.get(index) ?? stored) : outcome;
      });
      return [nameOfMessage(message.envelope.id), { records }];
    }),
  );
}
