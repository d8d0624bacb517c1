/**
 * Parameters of the query API, as schemas: what they are on the wire is what OpenAPI says, and the
 * message of an issue is what would be right.
 */
import { z } from 'zod';
import { badParameter } from '../http/errors.ts';
import { attributesKey, Undecodable } from '../http/query-string.ts';
import { parseDuration, readTime, timeAt, type WrittenTime } from '../query/time.ts';

const textCharsMax = 1_000;
const cursorCharsMax = 4_000;
/** Longer than any step of a chart that makes sense. */
const durationMsMax = 366 * 86_400_000;
const attributesMax = 10;

/**
 * Makes the schema of the parameters of a route; an unknown one is an error that lists those that
 * it has.
 */
export function parameters<S extends z.core.$ZodShape>(shape: S) {
  const known = Object.keys(shape).map((name) => (name === attributesKey ? 'attr.<key>' : name));
  const wanted = `a known parameter (${known.join(', ') || 'there is none'})`;
  return z.strictObject(shape, {
    error: ({ code }) => (code === 'unrecognized_keys' ? wanted : undefined),
  });
}

/** The schema of a route without parameters: any is an error. */
export const noParameters = parameters({});

/** Makes the schema of a text of 1 to `charsMax` characters. */
export function text(charsMax = textCharsMax) {
  const wanted = `a text of 1 to ${charsMax} characters, all of them Unicode and none of them NUL`;
  return z.string(wanted).min(1, wanted).max(charsMax, wanted).refine(isText, wanted);
}

/** Half a surrogate pair is no Unicode, and no store compares a NUL as others do. */
function isText(value: string): boolean {
  return value.isWellFormed() && !value.includes('\0');
}

interface Bounds {
  min: number;
  max: number;
}

/** Makes the schema of a number within bounds, inclusive, with at most 9 decimals. */
export function number({ min, max }: Bounds) {
  const wanted = `a number from ${min} to ${max}`;
  return z
    .string(wanted)
    .regex(/^\d{1,15}(\.\d{1,9})?$/, wanted)
    .transform(Number)
    .pipe(z.number().min(min, wanted).max(max, wanted))
    .meta({ type: 'number', minimum: min, maximum: max, pattern: undefined });
}

/** Makes the schema of a whole number within bounds, inclusive. */
export function whole({ min, max }: Bounds) {
  const wanted = `a whole number from ${min} to ${max}`;
  return z
    .string(wanted)
    .regex(/^\d{1,15}(\.0{1,9})?$/, wanted)
    .transform(Number)
    .pipe(z.number().min(min, wanted).max(max, wanted))
    .meta({ type: 'integer', minimum: min, maximum: max, pattern: undefined });
}

/** Makes the schema of one of a few names. */
export function oneOf<const T extends readonly string[]>(values: T) {
  return z.enum(values, `one of ${values.join(', ')}`);
}

/** Makes the schema of at most `itemsMax` different names that are separated by commas. */
export function list(itemsMax: number) {
  const wanted = `at most ${itemsMax} different names, separated by commas`;
  return z
    .string(wanted)
    .max(textCharsMax, wanted)
    .refine(isText, wanted)
    .transform((value) => value.split(','))
    .refine((items) => items.length <= itemsMax && items.every((item) => item !== ''), wanted)
    .refine((items) => new Set(items).size === items.length, wanted);
}

/** Makes the schema of an id of so many hex digits, which is read as lower case. */
export function hexId(digits: number) {
  const wanted = `${digits} hex digits`;
  return z
    .string(wanted)
    .regex(new RegExp(`^[0-9a-fA-F]{${digits}}$`), wanted)
    .toLowerCase();
}

const timeWanted =
  'ms since the epoch, an ISO 8601 time, or a relative one such as now-15m, from 1970 to 2199';

interface TimeParameter {
  text: string;
  time: WrittenTime;
}

/** The schema of a point in time, absolute or relative to now; `instant` resolves it. */
export const time = z
  .string(timeWanted)
  .transform((text, context): TimeParameter => {
    const time = readTime(text);
    if (time) return { text, time };
    context.addIssue({ code: 'custom', message: timeWanted });
    return z.NEVER;
  })
  .meta({ examples: ['now-15m'] });

const durationWanted = `a duration such as 30s, 5m or 1000 (ms), from 1 ms to ${durationMsMax / 86_400_000} days`;

/** The schema of a duration such as `30s`, which is read as ms. */
export const duration = z
  .string(durationWanted)
  .transform((text) => parseDuration(text) ?? 0)
  .pipe(z.number().min(1, durationWanted).max(durationMsMax, durationWanted))
  .meta({ examples: ['30s'] });

/** The schema of the id of a dead letter: `signal/partition/position`, as in `traces/0/17`. */
export const deadLetterId = z
  .string()
  .regex(
    /^(traces|metrics|logs)\/\d{1,9}\/\d{1,15}$/,
    'the id of a dead letter, such as traces/0/17',
  );

const severities = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
const severityWanted = `a number from 1 to 24, or one of ${severities.join(', ')}`;

/**
 * The schema of the lowest severity: a number, or the name of a band, which is its lowest number
 * (`warn` is 13).
 */
export const severity = z
  .string(severityWanted)
  .transform((value) => {
    const band = severities.indexOf(value.toLowerCase());
    if (band >= 0) return band * 4 + 1;
    return /^\d{1,2}$/.test(value) ? Number(value) : 0;
  })
  .pipe(z.number().min(1, severityWanted).max(24, severityWanted))
  .describe(`Lowest severity: ${severityWanted}.`);

/**
 * The parameters `attr.<key>=<value>`, all of which a record must have, as `parseQueryString`
 * collects them.
 */
export const attributes = {
  [attributesKey]: z
    .custom<readonly [key: string, value: unknown][]>(Array.isArray)
    .transform((pairs, context): Record<string, string> => {
      const found: [string, string][] = [];
      for (const [key, value] of pairs) {
        if (isAttribute(key) && isAttribute(value)) found.push([key, value]);
        else context.addIssue({ code: 'custom', path: [key], message: attributeWanted(value) });
      }
      if (pairs.length > attributesMax) {
        context.addIssue({ code: 'custom', message: `at most ${attributesMax} attributes` });
      }
      // Not by assignment: a key may be `__proto__`.
      return Object.fromEntries(found);
    })
    .optional()
    .meta({
      type: 'object',
      patternProperties: { '^attr\\.': { type: 'string', minLength: 1, maxLength: textCharsMax } },
      additionalProperties: false,
      maxProperties: attributesMax,
      description:
        'Attributes that a record, or its resource, must have, each as a parameter of its own: ' +
        '`attr.<key>=<value>`.',
    }),
} as const;

const attributeText = text();

function isAttribute(value: unknown): value is string {
  return attributeText.safeParse(value).success;
}

function attributeWanted(value: unknown): string {
  if (value instanceof Undecodable) return undecodableWanted;
  return 'attr.<key>=<value>, once per key, each a text of at most 1000 characters';
}

const undecodableWanted = 'UTF-8, percent-encoded';

/** The parameters of a range of time; `readRange` resolves them. */
export const range = {
  from: time.optional().describe('Start of the range, inclusive; an hour before `to` when absent.'),
  to: time.optional().describe('End of the range, exclusive; now when absent.'),
};

/** Makes the parameter for the most items of an answer. */
export function limit({ max, by }: { max: number; by: number }) {
  return whole({ min: 1, max }).default(by).describe('Most items in the answer.');
}

/** The parameter for the next page of a list. */
export const cursor = text(cursorCharsMax)
  .optional()
  .describe('Field `cursor` of the answer before, to read on behind it.');

const rangeDefaultMs = 3_600_000;

interface RangeParameters {
  from?: TimeParameter | undefined;
  to?: TimeParameter | undefined;
}

/**
 * Resolves a range of time, which is the last hour by default, to ms since the epoch: `fromMs`
 * inclusive, `toMs` exclusive.
 * @throws QueryError `bad-parameter` where `from` is not before `to`, or a relative time is out of
 * bounds
 */
export function readRange({ from, to }: RangeParameters, nowMs: number) {
  const toMs = instant('to', to, nowMs) ?? nowMs;
  const fromMs = instant('from', from, nowMs) ?? Math.max(0, toMs - rangeDefaultMs);
  if (fromMs >= toMs) {
    const got = `${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()}`;
    throw badParameter({ key: 'from', wanted: 'a time before `to`', got });
  }
  return { fromMs, toMs };
}

/**
 * Resolves the parameter `key` to ms since the epoch; undefined when it is absent.
 * @throws QueryError `bad-parameter` for a relative time before 1970 or after 2199
 */
export function instant(
  key: string,
  parameter: TimeParameter | undefined,
  nowMs: number,
): number | undefined {
  if (parameter === undefined) return undefined;
  const ms = timeAt(parameter.time, nowMs);
  if (ms !== undefined) return ms;
  throw badParameter({ key, wanted: timeWanted, got: JSON.stringify(parameter.text) });
}
