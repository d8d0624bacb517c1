/** What all charts have in common: calm axes, a tooltip drawn on the canvas (no markup). */
import { token } from '../lib/colour.ts';
import { timeText } from '../lib/time-format.ts';

interface TimeChart {
  fromMs: number;
  toMs: number;
  /** Formats a value on the vertical axis. */
  format: (value: number) => string;
  logarithmic?: boolean;
}

export function timeChart({ fromMs, toMs, format, logarithmic = false }: TimeChart) {
  const text = { color: token('muted'), fontSize: 11, fontFamily: 'inherit' };
  const line = { lineStyle: { color: token('border') } };
  return {
    animation: false,
    textStyle: { fontFamily: 'system-ui, sans-serif' },
    grid: { left: 8, right: 12, top: 10, bottom: 4, outerBoundsMode: 'same' },
    xAxis: {
      type: 'time',
      min: fromMs,
      max: toMs,
      axisLabel: { ...text, hideOverlap: true },
      axisLine: line,
      axisTick: line,
      splitLine: { show: false },
    },
    yAxis: {
      type: logarithmic ? 'log' : 'value',
      axisLabel: { ...text, formatter: format, hideOverlap: true },
      splitNumber: 4,
      splitLine: line,
    },
    tooltip: {
      renderMode: 'richText',
      confine: true,
      backgroundColor: token('surface'),
      borderColor: token('border-strong'),
      borderWidth: 1,
      padding: [6, 8],
      textStyle: { color: token('text'), fontSize: 12 },
      transitionDuration: 0,
    },
  } as const;
}

export function tipTime(ms: number): string {
  return timeText(ms, { date: true });
}

/** Text of telemetry in a canvas tooltip: braces and bars would be read as styles. */
export function tipText(text: string): string {
  const plain = text.replace(/[{}|]/g, ' ');
  return plain.length > 60 ? `${plain.slice(0, 60)}…` : plain;
}
