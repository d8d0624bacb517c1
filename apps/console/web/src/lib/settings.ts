/** Choices of the person, not of the view: they stay in this browser. */
import { effect, signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';
export type Zone = 'local' | 'utc';

export const theme = signal<Theme>(read('theme', ['system', 'light', 'dark']));
export const zone = signal<Zone>(read('zone', ['local', 'utc']));

const systemDark = window.matchMedia('(prefers-color-scheme: dark)');
export const dark = signal(isDark());

systemDark.addEventListener('change', () => {
  dark.value = isDark();
});

effect(() => {
  write('theme', theme.value);
  document.documentElement.dataset.theme = theme.value;
  dark.value = isDark();
});

effect(() => write('zone', zone.value));

function isDark(): boolean {
  return theme.value === 'dark' || (theme.value === 'system' && systemDark.matches);
}

/** Storage may be forbidden; then the choice lasts as long as the page. */
function read<const T extends string>(key: string, known: readonly [T, ...T[]]): T {
  try {
    const value = localStorage.getItem(`spillway.${key}`);
    return known.find((each) => each === value) ?? known[0];
  } catch {
    return known[0];
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(`spillway.${key}`, value);
  } catch {
    // Nothing is lost but the memory of a choice.
  }
}
