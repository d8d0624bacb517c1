import { useEffect } from 'preact/hooks';
import { isRelative, refresh } from './location.ts';

/** Refreshes views that change in place. Lists are left alone: what is being read must not move. */
export function useAutoRefresh(everyMs: number): void {
  useEffect(() => {
    const timer = setInterval(() => {
      if (isRelative.peek() && !document.hidden) refresh();
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
}
