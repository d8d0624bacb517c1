import { useEffect, useRef } from 'preact/hooks';

/** Keys of the view; true when one was taken. Typing into a field takes no keys but Escape. */
export type KeyHandler = (key: string, event: KeyboardEvent) => boolean;

const handlers: KeyHandler[] = [];

export function listenToKeys(): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const target = event.target as HTMLElement;
    const typing = target.matches('input:not([type=checkbox]), textarea, select');
    if (typing && event.key !== 'Escape') return;
    if (typing) target.blur();
    // Enter and space on a link or button belong to it.
    if ((event.key === 'Enter' || event.key === ' ') && target.closest('a, button, summary'))
      return;
    // The view that came last (a drawer over a list) is asked first.
    for (const handle of handlers.toReversed()) {
      if (!handle(event.key, event)) continue;
      event.preventDefault();
      return;
    }
  });
}

export function useKeys(handle: KeyHandler): void {
  const latest = useRef(handle);
  latest.current = handle;
  useEffect(() => {
    const own: KeyHandler = (key, event) => latest.current(key, event);
    handlers.push(own);
    return () => {
      handlers.splice(handlers.indexOf(own), 1);
    };
  }, []);
}

export function focusSearch(): void {
  const field = document.querySelector<HTMLInputElement>('[data-search]');
  field?.focus();
  field?.select();
}
