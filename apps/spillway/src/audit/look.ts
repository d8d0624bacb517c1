import {
  AuditBooks,
  type LedgerReport,
  type MessageRange,
  type MinuteRange,
  mergeReports,
  minuteMs,
  type RangeFacts,
  type RowCount,
  type SinkSpec,
} from '@spillway/ledger';
import { StoreError } from '@spillway/store';
import type { AuditSources } from './audit-sources.ts';
import { factsOf } from './collect-facts.ts';
import { RemovedDeadLetters } from './expired-dead-letters.ts';
import { ExpiredMessages } from './expired-messages.ts';
import type { LogSlice } from './log-slice.ts';
import type { LogSurvey } from './log-survey.ts';
import { halvesOf } from './range.ts';
import { SentBack } from './sent-back.ts';
import { Passed } from './unread-queues.ts';
import { windowsOf } from './windows.ts';

/** A gateway that runs reports its spill every few seconds. */
const silentMs = 5 * minuteMs;

/** The part of the sources that a look at the ledger reads. */
export type LookSources = Pick<AuditSources, 'accounts'> & {
  broker: Pick<AuditSources['broker'], 'capabilities'>;
  notes: Pick<AuditSources['notes'], 'notedMessages' | 'refusedCounts'>;
};

export interface LookOptions {
  survey: Pick<LogSurvey, 'census' | 'expiredKept' | 'lags' | 'spills' | 'spillIndex' | 'slice'>;
  /** How many messages were noted in which minute. */
  counts: readonly { minute: number; messages: number }[];
  nowMs: number;
  rowsMax: number;
}

/** The account of a window, while it is added up. */
interface Account {
  books: AuditBooks;
  sentBack: SentBack;
  /** What unread notes say was refused; they say it of every part. */
  refused: RangeFacts['refused'] | undefined;
}

/**
 * One look at everything, range by range, the latest first. What the log says of a range, and what
 * is known of its messages, are never more in memory than they may be: a range is halved until it
 * fits, and the messages of a minute are taken in parts.
 */
export class Look {
  readonly #sources: LookSources;
  readonly #options: LookOptions;
  readonly #sinks: readonly SinkSpec[];
  readonly #passed: ReadonlyMap<string, Passed>;
  readonly #expired = new ExpiredMessages();
  readonly #removed: RemovedDeadLetters;
  #report: LedgerReport;

  constructor(sources: LookSources, options: LookOptions) {
    this.#sources = sources;
    this.#options = options;
    this.#sinks = sources.accounts.map(({ sink }) => sink);
    this.#passed = new Map(this.#sinks.map(({ name }) => [name, new Passed()]));
    this.#removed = new RemovedDeadLetters(options.survey.expiredKept);
    this.#report = mergeReports([], this.#sinks);
  }

  /** The account of all ranges so far. */
  get report(): LedgerReport {
    return this.#report;
  }

  /** @param minutesMax of a window, since what has no note counts, too */
  async audit(range: MinuteRange, minutesMax?: number): Promise<void> {
    if (range.toMinute <= range.fromMinute) return;
    range.ending?.throwIfAborted();
    const slice = await this.#options.survey.slice(range);
    if (slice) return await this.#windows(range, slice, minutesMax);
    const minutes = range.toMinute - range.fromMinute;
    if (minutes === 1) return await this.#minute(range);
    const middle = range.fromMinute + Math.ceil(minutes / 2);
    await this.audit({ ...range, fromMinute: middle }, minutesMax);
    await this.audit({ ...range, toMinute: middle }, minutesMax);
  }

  async #windows(
    range: MinuteRange,
    slice: LogSlice,
    minutesMax: number | undefined,
  ): Promise<void> {
    const { counts, rowsMax } = this.#options;
    // Each is known of in the notes, and in every store.
    const messagesMax = Math.floor(rowsMax / (1 + this.#sinks.length));
    for (const window of windowsOf(range, counts, { messagesMax, minutesMax })) {
      window.ending?.throwIfAborted();
      const account = newAccount(this.#sinks, this.#removed);
      await this.#addWindow(account, window, slice);
      await this.#close(account, window);
    }
  }

  async #addWindow(account: Account, window: MinuteRange, slice: LogSlice): Promise<void> {
    account.refused = slice.refused(window);
    const facts = await this.#facts(account, window, slice);
    if (facts) return account.books.add(facts);
    await this.#seeApplied(account, window);
    for (const part of partsOf(window)) await this.#addPart(account, part, slice);
  }

  /** One of which the log alone says more than fits. */
  async #minute(minute: MinuteRange): Promise<void> {
    const account = newAccount(this.#sinks, this.#removed);
    await this.#seeApplied(account, minute);
    for (const part of partsOf(minute)) await this.#addSlice(account, part);
    await this.#close(account, minute);
  }

  async #addSlice(account: Account, range: MessageRange): Promise<void> {
    range.ending?.throwIfAborted();
    const slice = await this.#options.survey.slice(range);
    if (slice) {
      account.refused ??= slice.refused(range);
      return await this.#addPart(account, range, slice);
    }
    for (const part of partsOf(range)) await this.#addSlice(account, part);
  }

  async #addPart(account: Account, range: MessageRange, slice: LogSlice): Promise<void> {
    range.ending?.throwIfAborted();
    const facts = await this.#facts(account, range, slice);
    if (facts) return account.books.add(facts);
    for (const part of partsOf(range)) await this.#addPart(account, part, slice);
  }

  #facts({ sentBack }: Account, range: MessageRange, slice: LogSlice) {
    const { survey, rowsMax } = this.#options;
    const [passed, expired, removed] = [this.#passed, this.#expired, this.#removed];
    const known = { survey, slice, passed, sentBack, expired, removed, rowsMax };
    return factsOf(this.#sources, known, range);
  }

  /**
   * Notes what concerns messages of other parts than its own: what a group has passed, and which
   * dead letters were sent back.
   */
  async #seeApplied(account: Account, range: MessageRange): Promise<void> {
    const { rowsMax } = this.#options;
    const { broker, accounts } = this.#sources;
    const wide = broker.capabilities.canReplay ? range : { ...range, tenant: undefined };
    for (const { sink, side } of accounts) {
      const see = async (part: MessageRange): Promise<void> => {
        part.ending?.throwIfAborted();
        const applied = await side.appliedMessages({ ...part, limit: rowsMax + 1 });
        if (applied.length > rowsMax) {
          for (const smaller of partsOf(part)) await see(smaller);
          return;
        }
        this.#passed.get(sink.name)?.see(applied);
        account.sentBack.see(sink, applied);
      };
      await see(wide);
    }
  }

  async #close({ books, refused = [] }: Account, range: MinuteRange): Promise<void> {
    const { notes, accounts } = this.#sources;
    const { survey, nowMs } = this.#options;
    const rows = new Map<string, readonly RowCount[]>();
    for (const { sink, side } of accounts) rows.set(sink.name, await side.rowCounts(range));
    const report = books.close({
      rows,
      refused: [...(await notes.refusedCounts(range)), ...refused],
      spills: survey.spills.map(({ spill, gateway, atMs }) => {
        return { spill, lastGateway: gateway, atMs, isSilent: nowMs - atMs > silentMs };
      }),
    });
    this.#report = mergeReports([report, this.#report], this.#sinks);
  }
}

function newAccount(sinks: readonly SinkSpec[], removed: RemovedDeadLetters): Account {
  return { books: new AuditBooks(sinks), sentBack: new SentBack(removed), refused: undefined };
}

/** The messages of a range, in two parts. */
function partsOf(range: MessageRange): MessageRange[] {
  const halves = halvesOf(range.part);
  if (halves) return halves.map((part) => ({ ...range, part }));
  const minute = new Date(range.fromMinute * minuteMs).toISOString();
  throw new StoreError(
    'too-much-asked',
    `more is known of the messages of ${minute} than the ledger may hold: ask for one tenant, for ` +
      'a later time, or raise console.ledgerBytesMax, and the memory of the process with it',
  );
}
