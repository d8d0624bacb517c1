import { useState } from 'preact/hooks';
import { useKeys } from '../lib/keys.ts';

/** `j` and `k` (or the arrows) move, Enter opens. Gives the row that is active, -1 for none. */
export function useListKeys(count: number, open: (index: number) => void) {
  const [active, setActive] = useState(-1);
  useKeys((key) => {
    if (count === 0) return false;
    if (key === 'j') setActive((old) => Math.min(count - 1, old + 1));
    else if (key === 'k') setActive((old) => Math.max(0, old - 1));
    else if (key === 'Enter' && active >= 0 && active < count) open(active);
    else return false;
    return true;
  });
  return { active: Math.min(active, count - 1), setActive };
}
