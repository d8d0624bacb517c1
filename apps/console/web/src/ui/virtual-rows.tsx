import type { ComponentChildren, RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

interface VirtualRowsProps {
  count: number;
  rowHeight: number;
  /** Kept in view. */
  active: number;
  row: (index: number) => ComponentChildren;
  /** Rows are list items; else the surroundings say what they are. */
  list?: boolean;
  scroller: RefObject<HTMLElement | null>;
  onNearEnd?: (() => void) | undefined;
}

const overscan = 8;

/** Only the rows in sight are in the document, however many there are. All have one height. */
export function VirtualRows(props: VirtualRowsProps) {
  const { count, rowHeight, active, row, list, scroller, onNearEnd } = props;
  const Rows = list ? 'ol' : 'div';
  const inner = useRef<HTMLDivElement>(null);
  const view = useRowsInSight({ inner, scroller, rowHeight, active });
  const nearEnd = view.last >= count;
  useLayoutEffect(() => {
    if (nearEnd) onNearEnd?.();
  }, [nearEnd, onNearEnd]);
  const first = Math.min(view.first, Math.max(0, count - 1));
  const indexes = Array.from(
    { length: Math.max(0, Math.min(view.last, count) - first) },
    (_, i) => first + i,
  );
  return (
    <div
      class="virtual"
      role="presentation"
      ref={inner}
      style={{ height: `${count * rowHeight}px` }}
    >
      <Rows
        class="virtual-rows"
        role={list ? undefined : 'presentation'}
        style={{ transform: `translateY(${first * rowHeight}px)` }}
      >
        {indexes.map(row)}
      </Rows>
    </div>
  );
}

interface SightOptions extends Pick<VirtualRowsProps, 'scroller' | 'rowHeight' | 'active'> {
  inner: RefObject<HTMLElement | null>;
}

/** Follows which rows are in sight, and scrolls to the active one. */
function useRowsInSight({ inner, scroller, rowHeight, active }: SightOptions) {
  const [view, setView] = useState({ first: 0, last: 40 });
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const measure = (): void => {
      const offset = inner.current?.offsetTop ?? 0;
      const top = Math.max(0, element.scrollTop - offset);
      const first = Math.max(0, Math.floor(top / rowHeight) - overscan);
      const last = Math.ceil((top + element.clientHeight) / rowHeight) + overscan;
      setView((old) => (old.first === first && old.last === last ? old : { first, last }));
    };
    measure();
    element.addEventListener('scroll', measure, { passive: true });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => {
      element.removeEventListener('scroll', measure);
      observer.disconnect();
    };
  }, [scroller, rowHeight, inner]);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || active < 0) return;
    const top = active * rowHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    const bottom = top + rowHeight - element.clientHeight;
    if (bottom > element.scrollTop) element.scrollTop = bottom;
  }, [active, rowHeight, scroller]);
  return view;
}
