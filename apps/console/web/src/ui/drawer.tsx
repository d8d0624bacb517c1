import type { ComponentChildren } from 'preact';
import { useKeys } from '../lib/keys.ts';

interface DrawerProps {
  title: ComponentChildren;
  label: string;
  onClose: () => void;
  children: ComponentChildren;
}

/** Details beside the list; the list stays usable, so it is no modal. */
export function Drawer({ title, label, onClose, children }: DrawerProps) {
  useKeys((key) => {
    if (key !== 'Escape') return false;
    onClose();
    return true;
  });
  return (
    <aside class="drawer" aria-label={label}>
      <div class="drawer-head">
        <h2>{title}</h2>
        <button type="button" class="button icon" onClick={onClose} aria-label="Close" title="Esc">
          ×
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must reach it */}
      <section class="drawer-body" tabIndex={0} aria-label="Details">
        {children}
      </section>
    </aside>
  );
}
