import type { MetricFamily } from './family.ts';

/** https://prometheus.io/docs/practices/naming/#base-units, as far as anything here is measured in them. */
const baseUnits = ['seconds', 'bytes', 'ratio'] as const;

/** What a number would have to be divided by, or multiplied with, to be in a base unit. */
const otherUnits = new Set([
  ...['nanoseconds', 'microseconds', 'milliseconds', 'ms', 'minutes', 'hours', 'days'],
  ...['bits', 'kilobytes', 'megabytes', 'mebibytes', 'kb', 'mb', 'mib', 'gib', 'percent'],
]);

/** The unit of a family's values: a base unit, `1 or 0` of a flag, or the thing that is counted. */
export function unitOf({ name, isFlag }: Pick<MetricFamily<never>, 'name' | 'isFlag'>): string {
  if (isFlag) return '1 or 0';
  const words = name.replace(/_total$/, '').split('_');
  return baseUnits.find((unit) => unit === words.at(-1)) ?? 'count';
}

/** What is wrong with the name and the help of a family, as far as a program can say; empty when nothing is. */
export function problemsOf(family: MetricFamily<never>): string[] {
  const { name, help, type, labels } = family;
  const words = name.split('_');
  const isTotal = words.at(-1) === 'total';
  const problems = [
    ...(/^spillway(_[a-z]+)+$/.test(name) ? [] : ['its name is not spillway_<what>_<unit>']),
    ...(isTotal === (type === 'counter') ? [] : ['counters alone end in _total']),
    ...words.filter((word) => otherUnits.has(word)).map((word) => `${word} is no base unit`),
    ...labels.filter((label) => !/^[a-z]+(_[a-z]+)*$/.test(label)).map((label) => `label ${label}`),
  ];
  const unit = baseUnits.find((base) => words.slice(0, isTotal ? -2 : -1).includes(base));
  if (unit) problems.push(`${unit} does not stand at the end of the name`);
  if (!isSentences(help)) problems.push('its help is not a sentence that makes sense alone');
  return problems;
}

/**
 * Whether a help begins with a capital, or with what a flag is, ends with a full stop, and has five
 * words or more.
 */
function isSentences(help: string): boolean {
  return /^([A-Z]|1 ).*\.$/s.test(help) && help.split(' ').length >= 5;
}
