import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { parseTime } from '../../../src/query/time.ts';
import { useKeys } from '../lib/keys.ts';
import { isRelative, range, rangeText, refresh, setParams } from '../lib/location.ts';
import { zone } from '../lib/settings.ts';
import { timeText, zoneName } from '../lib/time-format.ts';

const presets = [
  { from: 'now-5m', name: 'Last 5 minutes' },
  { from: 'now-15m', name: 'Last 15 minutes' },
  { from: 'now-1h', name: 'Last hour' },
  { from: 'now-6h', name: 'Last 6 hours' },
  { from: 'now-24h', name: 'Last 24 hours' },
  { from: 'now-7d', name: 'Last 7 days' },
] as const;

/** In a longer range seconds say nothing. */
const secondsBelowMs = 600_000;

export function RangePicker() {
  const open = useSignal(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const close = (event: Event): void => {
      if (!box.current?.contains(event.target as Node)) open.value = false;
    };
    document.addEventListener('pointerdown', close);
    return () => document.removeEventListener('pointerdown', close);
  }, [open]);
  useKeys((key) => {
    if (key !== 'Escape' || !open.value) return false;
    open.value = false;
    box.current?.querySelector('button')?.focus();
    return true;
  });
  const choose = (from: string, to: string): void => {
    setParams({ from, to, cursor: undefined });
    refresh();
    open.value = false;
  };
  return (
    <div class="range" ref={box}>
      <button
        type="button"
        class="button range-button"
        aria-expanded={open.value}
        aria-label={`Time range: ${rangeName()}`}
        onClick={() => (open.value = !open.value)}
      >
        {rangeName()} <span aria-hidden="true">▾</span>
      </button>
      {open.value && <Choices onChoose={choose} />}
    </div>
  );
}

interface ChooseProps {
  onChoose: (from: string, to: string) => void;
}

function Choices({ onChoose }: ChooseProps) {
  return (
    <div class="popover" role="dialog" aria-label="Time range">
      <div class="presets">
        {presets.map(({ from, name }) => (
          <button
            type="button"
            key={from}
            aria-pressed={rangeText.value.from === from && rangeText.value.to === 'now'}
            onClick={() => onChoose(from, 'now')}
          >
            {name}
          </button>
        ))}
      </div>
      <AbsoluteRange onChoose={onChoose} />
    </div>
  );
}

function AbsoluteRange({ onChoose }: ChooseProps) {
  const wrong = useSignal('');
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const from = normal(String(form.get('from')));
    const to = normal(String(form.get('to')));
    const [fromMs, toMs] = [parseTime(from, Date.now()), parseTime(to, Date.now())];
    if (fromMs === undefined || toMs === undefined) {
      wrong.value = 'Write 2026-01-31 12:00 or now-2h';
    } else if (fromMs >= toMs) wrong.value = 'The first time must be the earlier one';
    else onChoose(from, to);
  };
  const { fromMs, toMs } = range.value;
  const shown = (text: string, ms: number): string =>
    text.startsWith('now') ? text : timeText(ms, { date: true });
  return (
    <form class="absolute" onSubmit={submit}>
      <label>
        From
        <input name="from" defaultValue={shown(rangeText.value.from, fromMs)} spellcheck={false} />
      </label>
      <label>
        To
        <input name="to" defaultValue={shown(rangeText.value.to, toMs)} spellcheck={false} />
      </label>
      <p class="hint">
        {wrong.value || `Times are ${zoneName()}; relative ones work, too: now-2h`}
      </p>
      <button type="submit" class="button primary">
        Use this range
      </button>
    </form>
  );
}

/** What is typed without a zone is in the chosen one; the URL always holds UTC. */
function normal(text: string): string {
  const trimmed = text.trim();
  if (!/^\d{4}-\d\d-\d\d/.test(trimmed)) return trimmed;
  const iso = trimmed.replace(' ', 'T');
  if (/(Z|[+-]\d\d:?\d\d)$/i.test(iso.slice(10))) return iso;
  const time = iso.length === 10 ? `${iso}T00:00` : iso;
  const at = new Date(zone.value === 'utc' ? `${time}Z` : time);
  return Number.isNaN(at.getTime()) ? trimmed : at.toISOString();
}

function rangeName(): string {
  const { from, to } = rangeText.value;
  const preset = presets.find((each) => each.from === from && to === 'now');
  if (preset) return preset.name;
  if (isRelative.value && from.startsWith('now')) return `${from} to ${to}`;
  const { fromMs, toMs } = range.value;
  const seconds = toMs - fromMs < secondsBelowMs;
  const texts = [fromMs, toMs].map((ms) => timeText(ms, { date: true, seconds }));
  const [start = '', end = ''] = texts;
  const sameDay = start.slice(0, 10) === end.slice(0, 10);
  return `${start} – ${sameDay ? end.slice(11) : end}`;
}
