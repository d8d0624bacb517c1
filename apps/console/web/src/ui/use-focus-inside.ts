import { useEffect, useRef } from 'preact/hooks';

/** Takes the focus into the element that appears, and gives it back when that goes. */
export function useFocusInside<T extends HTMLElement>() {
  const element = useRef<T>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    element.current?.focus({ preventScroll: true });
    return () => before?.focus({ preventScroll: true });
  }, []);
  return element;
}
