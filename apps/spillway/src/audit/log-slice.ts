import { resubmitGateway, type TopicPartition } from '@spillway/broker';
import type { DeadLetter } from '@spillway/dead-letters';
import {
  type Bucket,
  type LedgerNote,
  type MessageRange,
  MessageTable,
  messageRowBytes,
  minuteOf,
  type Observation,
  type Owner,
} from '@spillway/ledger';
import { isIn, isInMinutes } from './range.ts';

/** A message that waits. */
export interface WaitingOwner extends Owner {
  foreign?: boolean;
}

/** A dead letter; its position is that in the topic of the dead letters. */
export interface DeadLetterOwner extends Owner {
  group: string;
  /** Where it lies. */
  place: TopicPartition;
  /** Partition of the message that it was cut from. */
  sourcePartition: number;
}

interface Refused extends Bucket {
  records: number;
}

/** A sum of what was refused, with its name. */
const refusedBytes = 400;
/** After how much its size is looked at. */
const addedPerLook = 64;

/** What the log says of a range: small, and never larger than it may be. */
export class LogSlice {
  readonly range: MessageRange;
  /** What notes say that the writer has not read yet. */
  readonly noted = new MessageTable<Owner>();
  readonly deadLetters = new MessageTable<DeadLetterOwner>();
  readonly #waiting: ReadonlyMap<string, MessageTable<WaitingOwner>>;
  readonly #sentBack: ReadonlyMap<string, MessageTable<Owner>>;
  readonly #refused = new Map<string, Refused>();
  readonly #bytesMax: number;
  #added = 0;
  #isFull = false;

  constructor(range: MessageRange, groups: readonly string[], bytesMax: number) {
    this.range = range;
    this.#waiting = new Map(groups.map((group) => [group, new MessageTable()]));
    this.#sentBack = new Map(groups.map((group) => [group, new MessageTable()]));
    this.#bytesMax = bytesMax;
  }

  /** How many rows fit, where their texts take no room. */
  get rowsMax(): number {
    return Math.floor(this.#bytesMax / messageRowBytes);
  }

  /** There is more than it may hold, and so it does not have all. */
  get isFull(): boolean {
    return this.#isFull;
  }

  waiting(group: string): MessageTable<WaitingOwner> {
    return found(this.#waiting, group);
  }

  /** Dead letters that wait for the group again: of every part of the range. */
  sentBack(group: string): MessageTable<Owner> {
    return found(this.#sentBack, group);
  }

  /** What unread notes say was refused, of these minutes. */
  refused(range: MessageRange): Refused[] {
    return [...this.#refused.values()].filter((each) => isInMinutes(range, each));
  }

  addNote({ gateway: by, epoch: of, messages, refused }: LedgerNote): void {
    for (const {
      gateway = by,
      epoch = of,
      tenant,
      signal,
      minute,
      records,
      ...place
    } of messages) {
      if (!isIn(this.range, { ...place, tenant, minute })) continue;
      const { position, ...rest } = place;
      const seen = { id: { gateway, epoch, ...rest }, minute, records, position };
      this.noted.push(seen, { tenant, signal }, `${tenant}\n${signal}`);
      this.#count();
    }
    for (const { tenant, signal, minute, records } of refused) {
      if (!isInMinutes(this.range, { tenant, minute })) continue;
      const name = `${tenant}\n${signal}\n${minute}`;
      const sum = this.#refused.get(name) ?? { tenant, signal, minute, records: 0 };
      this.#refused.set(name, sum);
      sum.records += records;
      this.#count();
    }
  }

  addWaiting(group: string, message: Observation): void {
    const { id, tenant, signal, minute, records, foreign } = message;
    if (!isInMinutes(this.range, message)) return;
    if (id.gateway === resubmitGateway) {
      this.sentBack(group).push(
        { id, minute, records },
        { tenant, signal },
        `${tenant}\n${signal}`,
      );
    }
    this.#count();
    if (!isIn(this.range, { ...id, tenant, minute })) return;
    const owner = { tenant, signal, ...(foreign && { foreign }) };
    const name = `${tenant}\n${signal}\n${foreign === true}`;
    this.waiting(group).push({ id, minute, records }, owner, name);
  }

  addDeadLetter(deadLetter: DeadLetter, place: TopicPartition & { position: number }): void {
    const { sourceId: id, tenant, signal, group, records, receivedMs, source } = deadLetter;
    const minute = minuteOf(receivedMs);
    if (!isIn(this.range, { ...id, tenant, minute })) return;
    const { topic, partition, position } = place;
    const sourcePartition = source.partition;
    const owner = { tenant, signal, group, place: { topic, partition }, sourcePartition };
    const name = `${tenant}\n${signal}\n${group}\n${partition}\n${sourcePartition}`;
    this.deadLetters.push({ id, minute, records, position }, owner, name);
    this.#count();
  }

  #count(): void {
    this.#added += 1;
    if (this.#added % addedPerLook !== 0) return;
    const tables = [this.noted, this.deadLetters, ...this.#waiting.values()];
    const kept = [...tables, ...this.#sentBack.values()];
    const bytes = kept.reduce((sum, each) => sum + each.bytes, 0);
    this.#isFull = bytes + this.#refused.size * refusedBytes > this.#bytesMax;
  }
}

function found<T>(all: ReadonlyMap<string, T>, group: string): T {
  const one = all.get(group);
  if (!one) throw new Error(`${group} is no group that is accounted for`);
  return one;
}
