/** The URL is the state: what is shown can be shared, reloaded and left with the back button. */
import { computed, signal } from '@preact/signals';
import { parseTime } from '../../../src/query/time.ts';

interface Place {
  path: string;
  params: URLSearchParams;
}

export type Patch = Readonly<Record<string, string | undefined>>;

const here = (): Place => ({
  path: window.location.pathname,
  params: new URLSearchParams(window.location.search),
});

export const place = signal<Place>(here());

/** What `now` means: moves with a refresh, so that every panel asks for the same range. */
export const now = signal(Date.now());

export function refresh(): void {
  now.value = Date.now();
}

/** Short, so that a first look shows what happens now. */
const defaultFrom = 'now-15m';
const defaultRangeMs = 900_000;

export const rangeText = computed(() => {
  const { params } = place.value;
  return { from: params.get('from') ?? defaultFrom, to: params.get('to') ?? 'now' };
});

export const isRelative = computed(() => rangeText.value.to.startsWith('now'));

/** The range in ms since the epoch; the default when the URL holds nonsense. */
export const range = computed(() => {
  const { from, to } = rangeText.value;
  const toMs = parseTime(to, now.value) ?? now.value;
  const fromMs = parseTime(from, now.value) ?? toMs - defaultRangeMs;
  return fromMs < toMs ? { fromMs, toMs } : { fromMs: toMs - defaultRangeMs, toMs };
});

export function param(key: string): string | undefined {
  return place.value.params.get(key) ?? undefined;
}

/** The time range goes along wherever a link leads. */
export function href(path: string, patch: Patch = {}): string {
  const params = new URLSearchParams();
  for (const key of ['from', 'to']) {
    const value = place.value.params.get(key);
    if (value !== null) params.set(key, value);
  }
  return withQuery(path, apply(params, patch));
}

/** This view with some parameters changed; undefined takes one away. */
export function hereWith(patch: Patch): string {
  const { path, params } = place.value;
  return withQuery(path, apply(new URLSearchParams(params), patch));
}

export function go(url: string, options: { replace?: boolean } = {}): void {
  if (options.replace) history.replaceState(null, '', url);
  else history.pushState(null, '', url);
  place.value = here();
}

export function setParams(patch: Patch, options: { replace?: boolean } = {}): void {
  go(hereWith(patch), options);
}

export function setRange(fromMs: number, toMs: number): void {
  const from = new Date(Math.round(fromMs)).toISOString();
  const to = new Date(Math.round(toMs)).toISOString();
  setParams({ from, to, cursor: undefined });
}

/**
 * Follows links inside the page: they are real links, and a plain click on one does not load the
 * page again.
 */
export function followLinks(): void {
  window.addEventListener('popstate', () => {
    place.value = here();
  });
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest('a');
    if (!link || link.target || link.origin !== window.location.origin) return;
    if (link.pathname.startsWith('/api/')) return;
    event.preventDefault();
    go(link.href);
  });
}

function apply(params: URLSearchParams, patch: Patch): URLSearchParams {
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined || value === '') params.delete(key);
    else params.set(key, value);
  }
  return params;
}

function withQuery(path: string, params: URLSearchParams): string {
  const query = params.toString().replaceAll('%3A', ':');
  return query ? `${path}?${query}` : path;
}
