/** Query parameters: declared once per route, read strictly. What is not declared is an error. */
import { badParameter } from './errors.ts';
import { Undecodable } from './query-string.ts';
import { parseDuration, parseTime } from './time.ts';

export interface Parameter<T> {
  /** For the error message: what would be right. */
  wanted: string;
  /** Undefined when the text is not right. */
  read(text: string, nowMs: number): T | undefined;
}

export type Spec = Readonly<Record<string, Parameter<unknown>>>;
export type Parsed<S extends Spec> = {
  [K in keyof S]: S[K] extends Parameter<infer T> ? T | undefined : never;
};

const textCharsMax = 1_000;
const cursorCharsMax = 4_000;
/** A trace of a week, or a metric in steps of a year: longer ones are no reasonable question. */
const durationMsMax = 366 * 86_400_000;
const attributesMax = 10;
const attributePrefix = 'attr.';

export function text(charsMax = textCharsMax): Parameter<string> {
  return {
    wanted: `a text of 1 to ${charsMax} characters, all of them Unicode and none of them NUL`,
    read: (value) => (value.length > 0 && isText(value, charsMax) ? value : undefined),
  };
}

/** Half a surrogate pair is no Unicode, and no store compares a NUL as others do. */
function isText(value: string, charsMax: number): boolean {
  return value.length <= charsMax && value.isWellFormed() && !value.includes('\0');
}

export function number(options: { min: number; max: number }): Parameter<number> {
  const { min, max } = options;
  return {
    wanted: `a number from ${min} to ${max}`,
    read(value) {
      const parsed = /^\d{1,15}(\.\d{1,9})?$/.test(value) ? Number(value) : Number.NaN;
      return parsed >= min && parsed <= max ? parsed : undefined;
    },
  };
}

export function whole(options: { min: number; max: number }): Parameter<number> {
  const inner = number(options);
  return {
    wanted: `a whole ${inner.wanted.slice(2)}`,
    read(value, nowMs) {
      const parsed = inner.read(value, nowMs);
      return Number.isSafeInteger(parsed) ? parsed : undefined;
    },
  };
}

export function oneOf<const T extends string>(values: readonly T[]): Parameter<T> {
  return {
    wanted: `one of ${values.join(', ')}`,
    read: (value) => values.find((known) => known === value),
  };
}

export function list(itemsMax: number): Parameter<string[]> {
  return {
    wanted: `at most ${itemsMax} different names, separated by commas`,
    read(value) {
      if (!isText(value, textCharsMax)) return undefined;
      const items = value.split(',');
      const fine = items.length <= itemsMax && items.every((item) => item.length > 0);
      return fine && new Set(items).size === items.length ? items : undefined;
    },
  };
}

export function hexId(digits: number): Parameter<string> {
  return {
    wanted: `${digits} hex digits`,
    read: (value) =>
      value.length === digits && /^[0-9a-f]+$/i.test(value) ? value.toLowerCase() : undefined,
  };
}

const time: Parameter<number> = {
  wanted:
    'ms since the epoch, an ISO 8601 time, or a relative one such as now-15m, from 1970 to 2199',
  read: parseTime,
};

export const duration: Parameter<number> = {
  wanted: `a duration such as 30s, 5m or 1000 (ms), from 1 ms to ${durationMsMax / 86_400_000} days`,
  read(value) {
    const ms = parseDuration(value) ?? 0;
    return ms >= 1 && ms <= durationMsMax ? ms : undefined;
  },
};

/** Position of a dead letter in its topic. */
export const deadLetterId: Parameter<string> = {
  wanted: 'the id of a dead letter, such as traces/0/17',
  read: (value) => (/^(traces|metrics|logs)\/\d{1,9}\/\d{1,15}$/.test(value) ? value : undefined),
};

const severities = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

/** A severity number, or the name of a band: its lowest number (`warn` is 13). */
export const severity: Parameter<number> = {
  wanted: `a number from 1 to 24, or one of ${severities.join(', ')}`,
  read(value) {
    const band = severities.indexOf(value.toLowerCase());
    if (band >= 0) return band * 4 + 1;
    const parsed = /^\d+$/.test(value) ? Number(value) : 0;
    return parsed >= 1 && parsed <= 24 ? parsed : undefined;
  },
};

export const range = { from: time, to: time } as const;

export function paging(limitMax: number) {
  return { limit: whole({ min: 1, max: limitMax }), cursor: text(cursorCharsMax) } as const;
}

/** Throws a `bad-parameter` error for an unknown or repeated key, or a value that is not right. */
export function readParameters<S extends Spec>(
  spec: S,
  query: Readonly<Record<string, unknown>>,
  nowMs: number,
): Parsed<S> {
  const parsed: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(query)) {
    const parameter = Object.hasOwn(spec, key) ? spec[key] : undefined;
    if (!parameter) {
      const wanted = `a known parameter (${Object.keys(spec).join(', ') || 'there is none'})`;
      throw badParameter({ key: cut(key), wanted, got: shown(value) });
    }
    const { wanted } = parameter;
    if (value instanceof Undecodable) throw undecodable(key, value);
    if (typeof value !== 'string') {
      throw badParameter({ key, wanted: `${wanted}, once`, got: shown(value) });
    }
    parsed[key] = parameter.read(value, nowMs);
    if (parsed[key] === undefined) throw badParameter({ key, wanted, got: shown(value) });
  }
  return parsed as Parsed<S>;
}

/** Takes the `attr.<key>=<value>` parameters out of the others. */
export function splitAttributes(query: Readonly<Record<string, unknown>>) {
  const rest: [string, unknown][] = [];
  const attributes: [string, string][] = [];
  for (const [key, value] of Object.entries(query)) {
    if (!key.startsWith(attributePrefix)) {
      rest.push([key, value]);
      continue;
    }
    if (value instanceof Undecodable) throw undecodable(key, value);
    const isKey = key.length > attributePrefix.length && isText(key, textCharsMax);
    if (typeof value !== 'string' || !isKey || !isText(value, textCharsMax)) {
      const wanted = `attr.<key>=<value>, once per key, ${text().wanted} each`;
      throw badParameter({ key: cut(key), wanted, got: shown(value) });
    }
    attributes.push([key.slice(attributePrefix.length), value]);
  }
  if (attributes.length > attributesMax) {
    const wanted = `at most ${attributesMax} attributes`;
    throw badParameter({ key: 'attr.*', wanted, got: String(attributes.length) });
  }
  // Not by assignment: a key may be `__proto__`.
  return {
    rest: Object.fromEntries(rest),
    attributes: attributes.length ? Object.fromEntries(attributes) : undefined,
  };
}

const rangeDefaultMs = 3_600_000;

/** The last hour unless the question says otherwise. `from` inclusive, `to` exclusive. */
export function readRange(
  parsed: { from?: number | undefined; to?: number | undefined },
  nowMs: number,
) {
  const toMs = parsed.to ?? nowMs;
  const fromMs = parsed.from ?? Math.max(0, toMs - rangeDefaultMs);
  if (fromMs >= toMs) {
    const got = `${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()}`;
    throw badParameter({ key: 'from', wanted: 'a time before `to`', got });
  }
  return { fromMs, toMs };
}

function shown(value: unknown): string {
  return cut(JSON.stringify(value) ?? 'nothing');
}

function cut(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

function undecodable(key: string, { raw }: Undecodable): Error {
  return badParameter({ key: cut(key), wanted: 'UTF-8, percent-encoded', got: shown(raw) });
}
