import type { ComponentChildren } from 'preact';

const signs = { ok: '●', warn: '◐', bad: '▲' } as const;

export type Level = keyof typeof signs;

/** Marks a level by sign and word, never by colour alone. */
export function Mark({ level, children }: { level: Level; children: ComponentChildren }) {
  return (
    <span class={`state state-${level}`}>
      <span aria-hidden="true">{signs[level]}</span> {children}
    </span>
  );
}

export function State({ ok, children }: { ok: boolean; children: string }) {
  return <Mark level={ok ? 'ok' : 'bad'}>{children}</Mark>;
}

const breakers = {
  closed: { level: 'ok', text: 'closed' },
  'half-open': { level: 'warn', text: 'half-open' },
  open: { level: 'bad', text: 'open' },
} as const;

export function BreakerState({ state }: { state: keyof typeof breakers }) {
  const { level, text } = breakers[state];
  return <Mark level={level}>{text}</Mark>;
}
