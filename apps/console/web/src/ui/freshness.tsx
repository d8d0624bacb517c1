import { useEffect } from 'preact/hooks';
import type { Behind } from '../../../src/schema/fresh.ts';
import type { LagAnswer } from '../../../src/schema/pipeline-answers.ts';
import { ask, behind, keyNeeded } from '../lib/api.ts';
import { href, place } from '../lib/location.ts';
import { secondsText } from '../lib/time-format.ts';

const lateSeconds = 30;
const pollMs = 4_000;

/** How far what is shown lags behind what was accepted. Always there, on every view. */
export function FreshnessBadge() {
  useEffect(() => {
    const poll = (): void => {
      if (document.hidden || keyNeeded.value) return;
      ask<LagAnswer>('/api/lag').catch(() => undefined);
    };
    poll();
    const timer = setInterval(poll, pollMs);
    return () => clearInterval(timer);
  }, []);
  const { text, level, late, title } = describe(behind.value, sinkOfView(place.value.path));
  return (
    <a class={`badge fresh-${level}`} href={href('/pipeline')} title={title} data-freshness={level}>
      <span class="badge-sign" aria-hidden="true" />
      <span>
        {text}
        {late && <span class="badge-late"> · {late} late</span>}
      </span>
    </a>
  );
}

function sinkOfView(path: string): string | undefined {
  if (path === '/' || path.startsWith('/services') || path === '/map') return 'live';
  if (/^\/(trace|logs|explore)/.test(path)) return 'search';
  return undefined;
}

function describe(state: Behind | undefined, sink: string | undefined) {
  if (!state) {
    const title = 'It is not known yet how far behind it is';
    return { text: 'freshness unknown', level: 'unknown', late: '', title };
  }
  const all = Object.entries(state);
  const late = all.filter(([, seconds]) => seconds !== null && seconds > lateSeconds);
  const shown = sink ? (state[sink] ?? null) : worst(all);
  const title = all
    .map(
      ([name, seconds]) =>
        `${name}: ${seconds === null ? 'unknown' : `${secondsText(seconds)} behind`}`,
    )
    .join('\n');
  const text = shown === null ? 'freshness unknown' : `${secondsText(shown)} behind`;
  const level = late.length ? 'late' : shown === null ? 'unknown' : 'fine';
  return { text, level, late: late.map(([name]) => name).join(', '), title };
}

function worst(all: readonly [string, number | null][]): number | null {
  if (all.some(([, seconds]) => seconds === null)) return null;
  return Math.max(...all.map(([, seconds]) => seconds ?? 0));
}
