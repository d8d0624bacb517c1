/** What every index is called. A generation is the whole store; a rebuild makes the next one. */
import { minuteMs } from '@spillway/ledger';
import { type Signal, signals } from '@spillway/otlp';
import type { PlacedInTime } from '@spillway/store/search';

export type IndexKind = Signal | 'account';
export const indexKinds: readonly IndexKind[] = [...signals, 'account'];

const dayMs = 86_400_000;

export class IndexNames {
  readonly prefix: string;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  get state(): string {
    return `${this.prefix}-state`;
  }

  template(kind: IndexKind): string {
    return `${this.prefix}-${kind}`;
  }

  everyGeneration(kind: IndexKind): string {
    return `${this.prefix}-g*-${kind}-*`;
  }

  /** All days of a kind, or of all kinds. */
  all(generation: number, kind: IndexKind | '*' = '*'): string {
    return `${this.prefix}-g${generation}-${kind}-*`;
  }

  /** An undated record lies at its acceptance, apart from those whose day is their own. */
  ofRecord(generation: number, signal: Signal, { timeMs, undated }: PlacedInTime): string {
    const kind = undated ? `${signal}-undated` : signal;
    return `${this.prefix}-g${generation}-${kind}-${dayOf(timeMs)}`;
  }

  ofAccount(generation: number, minute: number): string {
    return `${this.prefix}-g${generation}-account-${dayOf(minute * minuteMs)}`;
  }

  /** Undefined for an index of another owner. */
  parse(index: string): { generation: number; kind: string; endMs: number } | undefined {
    if (!index.startsWith(`${this.prefix}-g`)) return undefined;
    const rest = index.slice(this.prefix.length + 2);
    const match = /^(\d+)-([a-z]+)(?:-undated)?-(\d{4})\.(\d\d)\.(\d\d)$/.exec(rest);
    if (!match) return undefined;
    const [, generation, kind = '', year, month, day] = match;
    const beginMs = Date.UTC(Number(year), Number(month) - 1, Number(day));
    return { generation: Number(generation), kind, endMs: beginMs + dayMs };
  }
}

/** The last ms of the year 9999: later ones have no name. */
const latestMs = 253_402_300_799_999;

/** `2026.01.05`, UTC. A clock out of its mind gets the nearest day that has a name. */
function dayOf(timeMs: number): string {
  const namedMs = Math.min(Math.max(timeMs, 0), latestMs) || 0;
  return new Date(namedMs).toISOString().slice(0, 10).replaceAll('-', '.');
}
