import type { RefObject } from 'preact';
import { useState } from 'preact/hooks';

interface BrushOptions {
  /** Pixels from the left edge to ms since the epoch. */
  toTime: (x: number) => number | undefined;
  onRange: (fromMs: number, toMs: number) => void;
}

/** A shorter way is a click. */
const pixelsMin = 6;

export function useBrush(box: RefObject<HTMLElement | null>, options: BrushOptions) {
  const [drag, setDrag] = useState<{ from: number; to: number } | undefined>();
  const xOf = (event: PointerEvent): number => {
    const { left, width } = box.current?.getBoundingClientRect() ?? { left: 0, width: 0 };
    return Math.max(0, Math.min(width, event.clientX - left));
  };
  const end = (event: PointerEvent): void => {
    if (!drag) return;
    setDrag(undefined);
    const to = xOf(event);
    if (Math.abs(to - drag.from) < pixelsMin) return;
    const times = [options.toTime(drag.from), options.toTime(to)];
    const [a, b] = times;
    if (a !== undefined && b !== undefined) options.onRange(Math.min(a, b), Math.max(a, b));
  };
  const wide = drag && Math.abs(drag.to - drag.from) >= pixelsMin;
  return {
    selection: wide
      ? { left: Math.min(drag.from, drag.to), width: Math.abs(drag.to - drag.from) }
      : undefined,
    handlers: {
      onPointerDown: (event: PointerEvent) => {
        if (event.button !== 0 || event.pointerType === 'touch') return;
        const x = xOf(event);
        setDrag({ from: x, to: x });
      },
      onPointerMove: (event: PointerEvent) => {
        if (drag) setDrag({ from: drag.from, to: xOf(event) });
      },
      onPointerUp: end,
      onPointerLeave: end,
    },
  };
}
