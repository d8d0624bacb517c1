import { zone } from './settings.ts';

interface Shape {
  date?: boolean;
  seconds?: boolean;
  ms?: boolean;
}

/** `2026-11-23 10:05:01.123`: one shape everywhere, in the chosen zone. */
export function timeText(ms: number, shape: Shape = {}): string {
  const { date = false, seconds = true, ms: millis = false } = shape;
  const shifted = zone.value === 'utc' ? ms : ms - new Date(ms).getTimezoneOffset() * 60_000;
  const at = new Date(shifted);
  if (Number.isNaN(at.getTime())) return '–';
  const iso = at.toISOString();
  const time = iso.slice(11, millis ? 23 : seconds ? 19 : 16);
  return date ? `${iso.slice(0, 10)} ${time}` : time;
}

export function zoneName(): string {
  return zone.value === 'utc' ? 'UTC' : 'local';
}

/** Nanoseconds since the epoch, as text, to ms with a fraction. */
export function nanoToMs(nano: string): number {
  return Number(BigInt(nano) / 1_000n) / 1_000;
}

export function ago(ms: number, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - ms) / 1_000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

export function secondsText(seconds: number): string {
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3_600)} h`;
}
