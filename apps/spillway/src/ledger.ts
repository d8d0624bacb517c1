import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Broker,
  ledgerTopic,
  messageName,
  type PartitionLag,
  partitionName,
  readEnvelope,
  signalOf,
} from '@spillway/broker';
import type { DeadLetter } from '@spillway/consumer';
import { countRecords, OtlpError, type Signal } from '@spillway/otlp';
import { searchGroup } from '@spillway/projector';
import {
  type AuditFacts,
  audit,
  type LedgerNote,
  type LedgerReport,
  type MinuteRange,
  mergeReports,
  type Sighting,
  type SinkFacts,
  settled,
} from '@spillway/store';
import { noteGroup, parseNote, writerGroup } from '@spillway/writer';
import { idOf, minuteMs, minuteOf, unread } from './ledger-unread.ts';
import type { Parts } from './parts.ts';

export interface AuditOptions {
  /** First minute of acceptance, ms since the epoch; all that is kept when undefined. */
  sinceMs?: number | undefined;
  tenant?: string | undefined;
}

/** A window of minutes is read at once; it grows while little is found, so memory is bounded. */
const windowMinutesMin = 60;
const windowMinutesMax = 24 * 60;
const messagesPerWindowWanted = 20_000;
/** How long a batch in hand gets to be seen by both looks, before a difference is believed. */
const secondLookMs = 750;

/**
 * Reads what the gateways, the log and the stores know, and adds it up. Where it does not add up
 * it looks a second time, since a running system moves between two reads.
 */
export async function auditLedger(parts: Parts, options: AuditOptions): Promise<LedgerReport> {
  const first = await auditOnce(parts, options);
  if (first.totals.unaccounted === 0) return first;
  await sleep(secondLookMs);
  return settled(first, await auditOnce(parts, options));
}

async function auditOnce(parts: Parts, { sinceMs, tenant }: AuditOptions): Promise<LedgerReport> {
  // What waits is read first: a message that is applied meanwhile is then seen twice, not never.
  const log = await readLog(parts);
  const toMinute = Math.floor(Date.now() / minuteMs) + 1;
  const keptMinutes = Math.ceil(parts.config.writer.retentionHours * 60) + windowMinutesMax;
  const fromMinute =
    sinceMs === undefined ? toMinute - keptMinutes : Math.floor(sinceMs / minuteMs);
  const reports: LedgerReport[] = [];
  let minutes = windowMinutesMin;
  for (let from = fromMinute; from < toMinute; ) {
    const range = { fromMinute: from, toMinute: Math.min(from + minutes, toMinute), tenant };
    const facts = await factsOf(parts, log, range);
    reports.push(audit(facts));
    from = range.toMinute;
    const isFull = facts.noted.length > messagesPerWindowWanted;
    minutes = isFull ? windowMinutesMin : Math.min(minutes * 2, windowMinutesMax);
  }
  return mergeReports(reports);
}

/** What the log says, of all minutes. */
interface Log {
  unreadNotes: LedgerNote[];
  waiting: ReadonlyMap<string, Sighting[]>;
  letters: DeadLetter[];
  lags: ReadonlyMap<string, PartitionLag[]>;
}

async function readLog({ broker, deadLetters }: Parts): Promise<Log> {
  const waiting = new Map<string, Sighting[]>();
  const lags = new Map<string, PartitionLag[]>();
  for (const group of [writerGroup, searchGroup]) {
    const ofGroup = await broker.lag(group);
    lags.set(group, ofGroup);
    waiting.set(group, await readWaiting(broker, group, ofGroup));
  }
  const letters = await deadLetters.list({});
  return { unreadNotes: await readNotes(broker), waiting, letters, lags };
}

async function readWaiting(
  broker: Broker,
  group: string,
  lags: readonly PartitionLag[],
): Promise<Sighting[]> {
  const found: Sighting[] = [];
  for (const { topic, partition, committed, end } of lags) {
    const signal = signalOf(topic);
    if (!signal || committed === null || end === null || committed >= end) continue;
    for await (const message of broker.read({ topic, partition, position: committed })) {
      const { id, tenant, receivedMs, foreign, onlyGroup, ...envelope } = readEnvelope(message);
      if (onlyGroup !== undefined && onlyGroup !== group) continue;
      const records = envelope.records ?? recordsIn(signal, message.value);
      found.push({ id, tenant, signal, minute: minuteOf(receivedMs), records, foreign });
    }
  }
  return found;
}

/** What the consumer will make of a foreign message: malformed as a whole is one dead letter. */
function recordsIn(signal: Signal, value: Uint8Array): number {
  try {
    return countRecords(signal, value);
  } catch (error) {
    if (error instanceof OtlpError) return 1;
    throw error;
  }
}

async function readNotes(broker: Broker): Promise<LedgerNote[]> {
  const [lag] = await broker.lag(noteGroup);
  if (lag && lag.messages === 0) return [];
  const notes: LedgerNote[] = [];
  if (!broker.canReplay) return [];
  const from = { topic: ledgerTopic, partition: 0, position: lag?.committed ?? 0 };
  for await (const message of broker.read(from)) {
    const note = parseNote(message);
    if (note) notes.push(note);
  }
  return notes;
}

async function factsOf(parts: Parts, log: Log, range: MinuteRange): Promise<AuditFacts> {
  const { broker, writeStore, search } = parts;
  const noted = [...(await writeStore.notedMessages(range)), ...unreadMessages(log, range)];
  const sink = async (
    group: string,
    store: Pick<typeof writeStore, 'appliedMessages' | 'rowCounts'>,
  ) => sinkFacts({ broker, group, log, range, noted, ...(await ofStore(store, range)) });
  return {
    noted,
    refused: [...(await writeStore.refusedCounts(range)), ...unreadRefusals(log, range)],
    spilled: [],
    sinks: {
      writer: await sink(writerGroup, writeStore),
      search: await sink(searchGroup, search.store),
    },
  };
}

async function ofStore(
  store: Pick<Parts['writeStore'], 'appliedMessages' | 'rowCounts'>,
  range: MinuteRange,
) {
  return { applied: await store.appliedMessages(range), rows: await store.rowCounts(range) };
}

function sinkFacts(known: {
  broker: Broker;
  group: string;
  log: Log;
  range: MinuteRange;
  noted: AuditFacts['noted'];
  applied: SinkFacts['applied'];
  rows: SinkFacts['rows'];
}): SinkFacts {
  const { broker, group, log, range, noted, applied, rows } = known;
  const done = new Set(applied.map(({ id }) => messageName(id)));
  const lags = new Map((log.lags.get(group) ?? []).map((lag) => [partitionName(lag), lag]));
  const waiting = broker.canReplay
    ? (log.waiting.get(group) ?? []).filter((each) => isIn(range, each))
    : unread({ noted, lags, done });
  const isExpired = (message: AuditFacts['noted'][number]): boolean => {
    const lag = lags.get(partitionName(message));
    const { position } = message;
    if (!lag || lag.start === null || position === undefined || position >= lag.start) return false;
    return !done.has(messageName(message));
  };
  return {
    applied,
    rows,
    waiting,
    deadLetters: log.letters
      .filter((letter) => letter.group === group)
      .map((letter) => ({
        id: letter.sourceId,
        tenant: letter.tenant,
        signal: letter.signal,
        minute: minuteOf(letter.receivedMs),
        records: letter.records,
      }))
      .filter((each) => isIn(range, each)),
    expired: noted.filter(isExpired).map((message) => ({ ...message, id: idOf(message) })),
  };
}

function unreadMessages({ unreadNotes }: Log, range: MinuteRange): AuditFacts['noted'] {
  return unreadNotes
    .flatMap(({ gateway, epoch, messages }) =>
      messages.map((message) => ({ ...message, gateway, epoch })),
    )
    .filter((message) => isIn(range, message));
}

function unreadRefusals({ unreadNotes }: Log, range: MinuteRange): AuditFacts['refused'] {
  return unreadNotes.flatMap(({ refused }) => refused).filter((each) => isIn(range, each));
}

function isIn(
  { fromMinute, toMinute, tenant }: MinuteRange,
  each: { minute: number; tenant: string },
): boolean {
  const isTenants = tenant === undefined || tenant === each.tenant;
  return isTenants && each.minute >= fromMinute && each.minute < toMinute;
}
