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
/** A trace of a week, or a metric in steps of a year: nobody asks for longer ones. */
const durationMsMax = 366 * 86_400_000;
const attributesMax = 10;

/** The parameters of one route; an unknown one is an error that names those that there are. */
export function parameters<S extends z.core.$ZodShape>(shape: S) {
  const known = Object.keys(shape).map((name) => (name === attributesKey ? 'attr.<key>' : name));
  const wanted = `a known parameter (${known.join(', ') || 'there is none'})`;
  return z.strictObject(shape, {
    error: ({ code }) => (code === 'unrecognized_keys' ? wanted : undefined),
  });
}

export const noParameters = parameters({});

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

export function number({ min, max }: Bounds) {
  const wanted = `a number from ${min} to ${max}`;
  return z
    .string(wanted)
    .regex(/^\d{1,15}(\.\d{1,9})?$/, wanted)
    .transform(Number)
    .pipe(z.number().min(min, wanted).max(max, wanted))
    .meta({ type: 'number', minimum: min, maximum: max, pattern: undefined });
}

export function whole({ min, max }: Bounds) {
  const wanted = `a whole number from ${min} to ${max}`;
  return z
    .string(wanted)
    .regex(/^\d{1,15}(\.0{1,9})?$/, wanted)
    .transform(Number)
    .pipe(z.number().min(min, wanted).max(max, wanted))
    .meta({ type: 'integer', minimum: min, maximum: max, pattern: undefined });
}

export function oneOf<const T extends readonly string[]>(values: T) {
  return z.enum(values, `one of ${values.join(', ')}`);
}

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

/** In ms. */
export const duration = z
  .string(durationWanted)
  .transform((text) => parseDuration(text) ?? 0)
  .pipe(z.number().min(1, durationWanted).max(durationMsMax, durationWanted))
  .meta({ examples: ['30s'] });

/** Where it lies in its topic. */
export const deadLetterId = z
  .string()
  .regex(
    /^(traces|metrics|logs)\/\d{1,9}\/\d{1,15}$/,
    'the id of a dead letter, such as traces/0/17',
  );

const severities = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
const severityWanted = `a number from 1 to 24, or one of ${severities.join(', ')}`;

/** A severity number, or the name of a band: its lowest number (`warn` is 13). */
export const severity = z
  .string(severityWanted)
  .transform((value) => {
    const band = severities.indexOf(value.toLowerCase());
    if (band >= 0) return band * 4 + 1;
    return /^\d{1,2}$/.test(value) ? Number(value) : 0;
  })
  .pipe(z.number().min(1, severityWanted).max(24, severityWanted))
  .describe(`Lowest severity: ${severityWanted}.`);

/** `attr.<key>=<value>`, all of which a record must have, as the query string's parser gathers them. */
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
        'Each as a parameter of its own, `attr.<key>=<value>`: attributes that a record, or its ' +
        'resource, must have.',
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

export const range = {
  from: time
    .optional()
    .describe('Where the range begins, inclusive. An hour before `to` if absent.'),
  to: time.optional().describe('Where it ends, exclusive. Now if absent.'),
};

export function limit({ max, by }: { max: number; by: number }) {
  return whole({ min: 1, max }).default(by).describe('At most so many.');
}

export const cursor = text(cursorCharsMax)
  .optional()
  .describe('The cursor of the answer before: reads on behind it.');

const rangeDefaultMs = 3_600_000;

interface RangeParameters {
  from?: TimeParameter | undefined;
  to?: TimeParameter | undefined;
}

/** The last hour unless told otherwise. `from` inclusive, `to` exclusive. */
export function readRange({ from, to }: RangeParameters, nowMs: number) {
  const toMs = instant('to', to, nowMs) ?? nowMs;
  const fromMs = instant('from', from, nowMs) ?? Math.max(0, toMs - rangeDefaultMs);
  if (fromMs >= toMs) {
    const got = `${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()}`;
    throw badParameter({ key: 'from', wanted: 'a time before `to`', got });
  }
  return { fromMs, toMs };
}

/** ms since the epoch. Throws where a relative time is outside of what is asked for. */
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
