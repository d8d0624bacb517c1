import {
  messageName,
  type PartitionLag,
  partitionName,
  resubmitGateway,
  topicOf,
} from '@spillway/broker';
import type { DeadLetter } from '@spillway/dead-letters';
import {
  type AppliedMessage,
  type AuditFacts,
  type KeptNotedMessage,
  type MinuteRange,
  minuteMs,
  minuteOf,
  type Observation,
  type RowCount,
  type SinkFacts,
  type SinkSpec,
  type SpilledObservation,
  SpillIndex,
} from '@spillway/ledger';
import type { Account, AuditSources } from './audit-sources.ts';
import { expiredDeadLetters, type RemovedDeadLetters } from './expired-dead-letters.ts';
import type { Log } from './read-log.ts';
import { idOf, type Passed } from './unread-queues.ts';

/** A gateway that lives tells of its spill every few seconds. */
const silentMs = 5 * minuteMs;

export interface Known {
  log: Log;
  /** By sink, of all windows so far; the latest comes first. */
  passed: ReadonlyMap<string, Passed>;
  /** Dead letters, of all windows so far. */
  removed: RemovedDeadLetters;
  nowMs: number;
}

/** As much of it as is read here. */
export interface FactsSources {
  broker: Pick<AuditSources['broker'], 'capabilities'>;
  notes: Pick<AuditSources['notes'], 'notedMessages' | 'refusedCounts'>;
  accounts: readonly Account[];
}

/** All that is known of the messages of a window. */
export async function factsOf(
  sources: FactsSources,
  { log, passed, removed, nowMs }: Known,
  range: MinuteRange,
): Promise<AuditFacts> {
  const { broker, notes, accounts } = sources;
  // Whether a queue that cannot be read has been passed is told by every tenant's messages.
  const wide = broker.capabilities.canReplay ? range : { ...range, tenant: undefined };
  const noted = withUnread(await notes.notedMessages(range), log, range);
  const sides: Side[] = [];
  for (const { sink, side } of accounts) {
    const all = await side.appliedMessages(wide);
    passed.get(sink.name)?.see(all);
    const applied = all.filter((message) => isIn(range, message));
    const rows = await side.rowCounts(range);
    sides.push(sideOf({ sink, log, removed, range, applied, rows }));
  }
  const seen = new Set(sides.flatMap((side) => [...side.seen]));
  const spilled = spilledOf(noted, { log, seen });
  const { canReplay = false } = broker.capabilities;
  const elsewhere = { spilled: namesOf(spilled), canReplay };
  return {
    noted,
    refused: [...(await notes.refusedCounts(range)), ...unreadRefusals(log, range)],
    spilled,
    spills: log.spills.map(({ spill, gateway, atMs }) => {
      return { spill, lastGateway: gateway, atMs, isSilent: nowMs - atMs > silentMs };
    }),
    sinks: sides.map((side) =>
      sinkFacts(side, noted, { ...elsewhere, passed: passed.get(side.sink.name) }),
    ),
  };
}

interface Side {
  sink: SinkSpec;
  applied: AppliedMessage[];
  rows: RowCount[];
  waiting: Observation[];
  deadLetters: Observation[];
  expiredDeadLetters: Observation[];
  lags: ReadonlyMap<string, PartitionLag>;
  /** Names of all messages that were seen here. */
  seen: ReadonlySet<string>;
}

function sideOf(known: {
  sink: SinkSpec;
  log: Log;
  removed: RemovedDeadLetters;
  range: MinuteRange;
  applied: AppliedMessage[];
  rows: RowCount[];
}): Side {
  const { sink, log, removed, range, applied, rows } = known;
  const { group } = sink;
  const { fromMinute, toMinute } = range;
  const waiting = [...(log.waiting.get(group)?.between(fromMinute, toMinute) ?? [])].filter(
    (each) => isIn(range, each),
  );
  const found = namesOf([...applied, ...waiting]);
  const deadLetters = log.deadLetters
    // One that was sent back and not marked yet is where it was sent.
    .filter((deadLetter) => deadLetter.group === group && !found.has(resubmittedName(deadLetter)))
    .map(({ sourceId, tenant, signal, receivedMs, records }) => {
      const minute = minuteOf(receivedMs);
      return { id: sourceId, tenant, signal, minute, records };
    })
    .filter((each) => isIn(range, each));
  const kept = [...log.deadLetters, ...log.resubmitted].filter((each) => each.group === group);
  const lags = new Map((log.lags.get(group) ?? []).map((lag) => [partitionName(lag), lag]));
  return {
    sink,
    applied,
    rows,
    waiting,
    deadLetters,
    expiredDeadLetters: expiredDeadLetters({ applied, waiting, deadLetters: kept, lags, removed }),
    lags,
    seen: namesOf([...applied, ...waiting, ...deadLetters]),
  };
}

function sinkFacts(
  { sink, applied, rows, waiting, deadLetters, expiredDeadLetters, lags, seen }: Side,
  noted: readonly KeptNotedMessage[],
  { spilled, canReplay, passed }: Elsewhere & { passed: Passed | undefined },
): SinkFacts {
  const unseen = noted.filter((message) => {
    const name = messageName(message);
    return !seen.has(name) && !spilled.has(name);
  });
  const lagOf = (message: KeptNotedMessage) => lags.get(partitionName(message));
  const isUndecided = (message: KeptNotedMessage) =>
    !canReplay && !passed?.has(message, lagOf(message));
  return {
    sink,
    applied,
    rows,
    waiting,
    deadLetters,
    expired: [...Map.groupBy(unseen, partitionName)]
      .flatMap(([name, own]) => expiredOf(own, lags.get(name)))
      .map(sightingOf)
      .concat(expiredDeadLetters),
    undecided: unseen.filter(isUndecided).map(sightingOf),
  };
}

/**
 * Removed from the log, and no more of them than the log says it removed before the group read them:
 * what the group passed and never stored is lost, and stays so when the log has forgotten it.
 */
function expiredOf(
  unseen: readonly KeptNotedMessage[],
  lag: PartitionLag | undefined,
): KeptNotedMessage[] {
  const { start = null, expired = 0 } = lag ?? {};
  if (start === null) return [];
  const isGone = ({ position }: KeptNotedMessage) => position !== undefined && position < start;
  return unseen.filter(isGone).slice(0, expired);
}

interface Elsewhere {
  spilled: ReadonlySet<string>;
  canReplay: boolean;
}

/** What a dead letter is called when it is sent back: by its own place. */
function resubmittedName({ id, signal, source: { partition } }: DeadLetter): string {
  const sequence = Number(id.split('/')[2]);
  const source = { gateway: resubmitGateway, epoch: 0, topic: topicOf[signal], partition };
  return messageName({ ...source, sequence });
}

/** One with a position was drained, whatever its spill was last noted to hold. */
function spilledOf(
  noted: readonly KeptNotedMessage[],
  { log, seen }: { log: Log; seen: ReadonlySet<string> },
): SpilledObservation[] {
  const index = new SpillIndex(log.spills);
  return noted.flatMap((message) => {
    if (message.position !== undefined || seen.has(messageName(message))) return [];
    const spill = index.spillOf(message);
    return spill === undefined ? [] : [{ ...sightingOf(message), spill }];
  });
}

/** What the notes say that the writer has not read yet is the later knowledge. */
function withUnread(
  kept: readonly KeptNotedMessage[],
  { unreadNotes }: Log,
  range: MinuteRange,
): KeptNotedMessage[] {
  if (unreadNotes.length === 0) return [...kept];
  const byName = new Map(kept.map((message) => [messageName(message), message]));
  for (const note of unreadNotes) {
    for (const { gateway = note.gateway, epoch = note.epoch, ...message } of note.messages) {
      if (!isIn(range, message)) continue;
      const id = { gateway, epoch, ...message };
      const known = byName.get(messageName(id));
      const position = message.position ?? known?.position;
      byName.set(messageName(id), { ...id, position, notedMinute: message.minute });
    }
  }
  return [...byName.values()];
}

function unreadRefusals({ unreadNotes }: Log, range: MinuteRange): AuditFacts['refused'] {
  return unreadNotes.flatMap(({ refused }) => refused).filter((each) => isIn(range, each));
}

function sightingOf(message: KeptNotedMessage): Observation {
  const { tenant, signal, minute, records } = message;
  return { id: idOf(message), tenant, signal, minute, records };
}

function namesOf(sightings: readonly Pick<Observation, 'id'>[]): Set<string> {
  return new Set(sightings.map(({ id }) => messageName(id)));
}

function isIn(
  { fromMinute, toMinute, tenant }: MinuteRange,
  each: { minute: number; tenant: string },
): boolean {
  const isTenants = tenant === undefined || tenant === each.tenant;
  return isTenants && each.minute >= fromMinute && each.minute < toMinute;
}
