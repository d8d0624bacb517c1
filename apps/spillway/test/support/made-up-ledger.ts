import {
  type Broker,
  type DeliveredMessage,
  deadLetterHeaders,
  deadLetterTopicOf,
  headerNames,
  ledgerTopic,
  type PartitionLag,
  type Position,
  resubmitGateway,
  stampHeaders,
  topicOf,
} from '@spillway/broker';
import {
  type AppliedMessage,
  encodeNote,
  isInPart,
  type KeptNotedMessage,
  type MessageRange,
  type MinuteRange,
  type NotedMessage,
  type RowCount,
} from '@spillway/ledger';
import { searchSink } from '@spillway/projector';
import { FairQueue } from '@spillway/store/search';
import { writerSink } from '@spillway/writer';
import type { AuditSources } from '../../src/audit/audit-sources.ts';
import { MadeUpLog } from './made-up-log.ts';

const sinks = [writerSink, searchSink];
const [topic, dead] = [topicOf.logs, deadLetterTopicOf.logs];
const signal = 'logs';
const gateway = 'gw';
const [epoch, partitions] = [7, 2];
/** Positions below were removed from the log, some of them before a group had read them. */
const start = 10;

/** What a made-up pipeline did to messages, by chance: everything that an audit can come upon. */
export class MadeUpLedger {
  readonly #random: () => number;
  readonly #nowMinute: number;
  readonly #log: MadeUpLog;
  readonly #noted: KeptNotedMessage[] = [];
  readonly #unread: NotedMessage[] = [];
  readonly #refused: { tenant: string; signal: 'logs'; minute: number; records: number }[] = [];
  readonly #applied = new Map<string, AppliedMessage[]>(sinks.map(({ name }) => [name, []]));
  readonly #rows = new Map<string, Map<string, RowCount>>(
    sinks.map(({ name }) => [name, new Map()]),
  );
  readonly #spilled: number[][] = [[], []];
  readonly #committed: number;
  /** Messages that were removed unread, by group and partition. */
  readonly #expired = new Map<string, number>();
  /** Most messages that a store was asked for at once. */
  mostAsked = 0;
  /** How often a partition was read. */
  reads = 0;

  constructor(
    messages: number,
    { random, nowMinute }: { random: () => number; nowMinute: number },
  ) {
    this.#random = random;
    this.#nowMinute = nowMinute;
    this.#log = new MadeUpLog(nowMinute * 60_000);
    this.#committed = Math.floor(messages / partitions / 2);
    for (let n = 1; n <= messages; n++) this.#accept(n);
    this.#sendBack();
    const note = { gateway, epoch, note: 1, messages: this.#unread, refused: this.#refused };
    this.#log.append(ledgerTopic, 0, {}, encodeNote(note));
  }

  sources(canReplay: boolean): AuditSources {
    const spill = { spill: 'spill-a', revision: 1, atMs: 1, gateway, epoch };
    const waiting = this.#spilled.flatMap((sequences, partition) =>
      sequences.map((at) => ({ gateway, epoch, topic, partition, from: at, to: at })),
    );
    return {
      broker: this.#broker(canReplay),
      noteGroup: 'ledger',
      notes: {
        notedMessages: async (range) => this.#ofRange(this.#noted, range),
        notedCounts: async () => [],
        refusedCounts: async (range) =>
          this.#refused.filter(({ minute, tenant }) => isIn(range, minute, tenant)),
        keptNotes: async () => [],
        notedSpills: async () => [{ ...spill, waiting }],
        rowCounts: async () => [],
      },
      accounts: sinks.map((sink) => ({
        sink,
        side: {
          appliedMessages: async (range) =>
            this.#ofRange(this.#applied.get(sink.name) ?? [], range),
          rowCounts: async (range) =>
            [...(this.#rows.get(sink.name)?.values() ?? [])].filter(({ minute, tenant }) =>
              isIn(range, minute, tenant),
            ),
        },
      })),
      liveSpills: () => [],
      keptAside: async () => [],
      turns: new FairQueue({ slots: 1, waitingMax: 1 }),
      retentionHours: 24,
    };
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }

  #accept(n: number): void {
    const partition = n % partitions;
    const tenant = this.#chance(0.3) ? 'umbrella' : 'acme';
    // Most are of one minute.
    const minute = this.#nowMinute - 1 - (this.#chance(0.6) ? 0 : Math.floor(this.#random() * 9));
    const id = { gateway, epoch, topic, partition, sequence: n };
    const message = {
      ...id,
      tenant,
      signal,
      minute,
      records: 1 + Math.floor(this.#random() * 5),
    } as const;
    const { records } = message;
    const isSpilled = this.#chance(0.05);
    const receivedMs = minute * 60_000 + 1;
    const headers = stampHeaders({ gateway, epoch, sequence: n, tenant, records, receivedMs });
    const position = isSpilled ? undefined : this.#log.append(topic, partition, headers);
    if (isSpilled && this.#chance(0.8)) this.#spilled[partition]?.push(n);
    if (this.#chance(0.7)) this.#noted.push({ ...message, position, notedMinute: minute });
    if (this.#chance(0.3)) this.#unread.push({ ...message, position });
    if (this.#chance(0.1)) this.#refused.push({ tenant, signal, minute, records });
    if (position === undefined || position >= this.#committed) return;
    for (const { name, group } of sinks) {
      if (position < start && this.#chance(0.5)) {
        const at = `${group}/${partition}`;
        this.#expired.set(at, (this.#expired.get(at) ?? 0) + 1);
        continue;
      }
      // Passed, and nowhere.
      if (position >= start && this.#chance(0.05)) continue;
      const deadLettered = this.#chance(0.3) ? 1 : 0;
      const duplicates = this.#chance(0.1) ? records - deadLettered : 0;
      const stored = records - deadLettered - duplicates;
      const counts = { stored, duplicates, deadLettered, foreign: false };
      const of = { tenant, signal, minute } as const;
      this.#applied.get(name)?.push({ ...of, id, position, records, ...counts });
      // Now and then a row is gone.
      this.#addRows(name, of, stored - (this.#chance(0.02) ? 1 : 0));
      for (let copies = deadLettered + (this.#chance(0.2) ? deadLettered : 0); copies > 0; copies--)
        this.#log.append(dead, partition, {
          ...headers,
          [deadLetterHeaders.group]: group,
          [deadLetterHeaders.code]: 'no',
          [deadLetterHeaders.source]: `${topic}/${partition}/${position}`,
          [deadLetterHeaders.records]: '1',
        });
    }
  }

  /** Some dead letters: applied or waiting again, with or without their marker. */
  #sendBack(): void {
    for (let partition = 0; partition < partitions; partition++) {
      for (const { position: sequence, headers } of [...this.#log.messagesOf(dead, partition)]) {
        if (!this.#chance(0.3)) continue;
        const group = headers[deadLetterHeaders.group];
        const { name } = group === writerSink.group ? writerSink : searchSink;
        const tenant = headers[headerNames.tenant] ?? '';
        const receivedMs = Number(headers[headerNames.receivedMs]);
        const id = { gateway: resubmitGateway, epoch: 0, topic, partition, sequence };
        const of = { tenant, signal, minute: Math.floor(receivedMs / 60_000) } as const;
        if (this.#chance(0.3)) {
          const stamp = { ...id, tenant, records: 1, receivedMs };
          const onlyGroup = { [headerNames.onlyGroup]: group ?? '' };
          this.#log.append(topic, partition, { ...stampHeaders(stamp), ...onlyGroup });
        } else {
          const counts = { stored: 1, duplicates: 0, deadLettered: 0, foreign: false };
          const applied = { ...of, id, position: 0, records: 1, ...counts };
          this.#applied.get(name)?.push(applied);
          this.#addRows(name, of, 1);
        }
        if (this.#chance(0.7))
          this.#log.append(dead, partition, { [deadLetterHeaders.resubmitted]: `${sequence}` });
      }
    }
  }

  #addRows(sink: string, of: Pick<RowCount, 'tenant' | 'signal' | 'minute'>, rows: number): void {
    const name = `${of.tenant}/${of.minute}`;
    const all = this.#rows.get(sink);
    const sum = all?.get(name) ?? { ...of, rows: 0, retired: 0 };
    all?.set(name, sum);
    sum.rows += rows;
  }

  #ofRange<M extends KeptNotedMessage | AppliedMessage>(all: readonly M[], range: MessageRange) {
    const { part, limit = Number.POSITIVE_INFINITY } = range;
    const found = all.filter((each) => {
      const { sequence } = 'id' in each ? each.id : each;
      return isIn(range, each.minute, each.tenant) && isInPart(sequence, part);
    });
    const answer = found.slice(0, limit);
    this.mostAsked = Math.max(this.mostAsked, answer.length);
    return answer;
  }

  #broker(canReplay: boolean): AuditSources['broker'] {
    const read = async function* (log: readonly DeliveredMessage[]) {
      yield* log;
    };
    return {
      name: 'made up',
      capabilities: { canReplay },
      topics: async () => [{ name: dead, partitions }],
      lag: async (group) => (group === 'ledger' ? [this.#noteLag()] : this.#lags(group)),
      read: ({ topic: name, partition, position }: Position) => {
        this.reads += 1;
        return read(this.#log.messagesOf(name, partition).slice(position));
      },
    } satisfies Pick<Broker, 'name' | 'capabilities' | 'topics' | 'lag' | 'read'>;
  }

  #noteLag(): PartitionLag {
    const at = { group: 'ledger', topic: ledgerTopic, partition: 0, seconds: 0, expired: 0 };
    return { ...at, messages: 1, committed: 0, start: 0, end: 1 };
  }

  #lags(group: string): PartitionLag[] {
    return Array.from({ length: partitions }, (_, partition) => {
      const end = this.#log.messagesOf(topic, partition).length;
      const committed = this.#committed;
      const expired = this.#expired.get(`${group}/${partition}`) ?? 0;
      const at = { group, topic, partition, seconds: 0, expired, start };
      return { ...at, messages: end - committed, committed, end };
    });
  }
}

function isIn({ fromMinute, toMinute, tenant }: MinuteRange, minute: number, of: string): boolean {
  return minute >= fromMinute && minute < toMinute && (tenant === undefined || tenant === of);
}
