/** Choices of the person, not of the view: they stay in this browser. */
import { effect, signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';
export type Zone = 'local' | 'utc';

export const theme = signal<Theme>(choice('theme', ['system', 'light', 'dark']));
export const zone = signal<Zone>(choice('zone', ['local', 'utc']));

const systemDark = window.matchMedia('(prefers-color-scheme: dark)');
export const dark = signal(isDark());

systemDark.addEventListener('change', () => {
  dark.value = isDark();
});

effect(() => {
  remember('theme', theme.value);
  document.documentElement.dataset.theme = theme.value;
  dark.value = isDark();
});

effect(() => remember('zone', zone.value));

function isDark(): boolean {
  return theme.value === 'dark' || (theme.value === 'system' && systemDark.matches);
}

function choice<const T extends string>(key: string, known: readonly [T, ...T[]]): T {
  const value = recall(key);
  return known.find((each) => each === value) ?? known[0];
}

/** Storage may be forbidden; then a choice lasts as long as the page. */
export function recall(key: string): string | undefined {
  try {
    return localStorage.getItem(`spillway.${key}`) ?? undefined;
  } catch {
    return undefined;
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(`spillway.${key}`, value);
  } catch {
    // Nothing is lost but the memory of a choice.
  }
}
