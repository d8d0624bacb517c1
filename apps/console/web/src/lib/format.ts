/** Numbers as people read them: few digits, a unit, the same width where they stand in columns. */
import type { AnyValue } from '../../../src/schema/telemetry.ts';

export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return '–';
  if (ms === 0) return '0';
  if (ms < 0.001) return `${digits(ms * 1e6)} ns`;
  if (ms < 1) return `${digits(ms * 1_000)} µs`;
  if (ms < 1_000) return `${digits(ms)} ms`;
  if (ms < 60_000) return `${digits(ms / 1_000)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.floor((ms / 1_000) % 60)} s`;
  if (ms < 86_400_000)
    return `${Math.floor(ms / 3_600_000)} h ${Math.floor((ms / 60_000) % 60)} min`;
  return `${Math.floor(ms / 86_400_000)} d ${Math.floor((ms / 3_600_000) % 24)} h`;
}

export function nanoDuration(nano: number): string {
  return duration(nano / 1e6);
}

/** Three significant digits. */
function digits(value: number): string {
  if (value >= 100) return value.toFixed(0);
  if (value >= 10) return value.toFixed(1).replace(/\.0$/, '');
  return value.toFixed(2).replace(/\.?0+$/, '');
}

export function rate(perSecond: number): string {
  if (perSecond === 0) return '0/s';
  if (perSecond < 1) return `${digits(perSecond * 60)}/min`;
  return `${short(perSecond)}/s`;
}

/** Shortens a number: 1234 becomes `1.23 k`. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e9) return `${digits(value / 1e9)} G`;
  if (size >= 1e6) return `${digits(value / 1e6)} M`;
  if (size >= 1e4) return `${digits(value / 1e3)} k`;
  if (Number.isInteger(value)) return value.toLocaleString('en');
  return size < 0.001 ? value.toExponential(1) : String(Number(value.toPrecision(3)));
}

export function count(value: number): string {
  return value.toLocaleString('en');
}

export function many(value: number, one: string, more = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : more}`;
}

export function percent(ratio: number): string {
  if (ratio === 0) return '0 %';
  const value = ratio * 100;
  return value < 0.1 ? '<0.1 %' : `${digits(value)} %`;
}

/** A metric's value in its unit (UCUM); durations in the unit that reads best. */
export function inUnit(value: number, unit: string): string {
  if (unit === 'ms') return duration(value);
  if (unit === 's') return duration(value * 1_000);
  if (unit === 'By') return bytes(value);
  const plain = unit.replace(/[{}]/g, '');
  return plain === '' || plain === '1' ? short(value) : `${short(value)} ${plain}`;
}

export function bytes(value: number): string {
  if (Math.abs(value) < 1_024) return `${short(value)} B`;
  if (Math.abs(value) < 1_048_576) return `${digits(value / 1_024)} KiB`;
  if (Math.abs(value) < 1_073_741_824) return `${digits(value / 1_048_576)} MiB`;
  return `${digits(value / 1_073_741_824)} GiB`;
}

/** Any value as one line of text; exact, never markup. */
export function valueText(value: AnyValue | undefined): string {
  if (!value) return '';
  if (value.stringValue !== undefined) return value.stringValue;
  if (value.intValue !== undefined) return value.intValue;
  if (value.doubleValue !== undefined) return String(value.doubleValue);
  if (value.boolValue !== undefined) return String(value.boolValue);
  if (value.bytesValue !== undefined) return `base64:${value.bytesValue}`;
  const nested = plain(value);
  return nested === null ? '' : JSON.stringify(nested);
}

function plain(value: AnyValue): unknown {
  if (value.arrayValue) return value.arrayValue.values.map(plain);
  if (value.kvlistValue) {
    return Object.fromEntries(value.kvlistValue.values.map((kv) => [kv.key, plain(kv.value)]));
  }
  return value.boolValue ?? (Object.keys(value).length ? valueText(value) : null);
}

const kinds = ['', 'internal', 'server', 'client', 'producer', 'consumer'];

export function kindName(kind: number): string {
  return kinds[kind] ?? `kind ${kind}`;
}

export const bands = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

export function bandOf(severityNumber: number): string {
  return bands[Math.floor((severityNumber - 1) / 4)] ?? 'unset';
}

/** Writes `recordsPerSecond` as `records per second`. */
export function spaced(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
}
