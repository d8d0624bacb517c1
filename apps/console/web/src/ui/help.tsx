import { useKeys } from '../lib/keys.ts';
import { useFocusInside } from './use-focus-inside.ts';

const keys = [
  ['/', 'search'],
  ['j k', 'move in a list, a trace'],
  ['Enter', 'open'],
  ['Esc', 'close'],
  ['← →', 'collapse, expand a span'],
  ['r', 'refresh'],
  ['g s', 'services'],
  ['g t', 'traces'],
  ['g l', 'logs'],
  ['g m', 'metrics'],
  ['g o', 'map'],
  ['g p', 'pipeline'],
  ['g e', 'ledger'],
  ['g d', 'dead letters'],
  ['?', 'this help'],
] as const;

export function Help({ onClose }: { onClose: () => void }) {
  const box = useFocusInside<HTMLDivElement>();
  useKeys((key) => {
    if (key !== 'Escape' && key !== '?') return false;
    onClose();
    return true;
  });
  return (
    <div class="veil">
      <div class="dialog" role="dialog" aria-modal="true" aria-label="Help" tabIndex={-1} ref={box}>
        <h2>Keys</h2>
        <dl class="keys">
          {keys.map(([key, meaning]) => (
            <div key={key}>
              <dt>
                {key.split(' ').map((part) => (
                  <kbd key={part}>{part}</kbd>
                ))}
              </dt>
              <dd>{meaning}</dd>
            </div>
          ))}
        </dl>
        <p class="hint">
          Drag over a chart to zoom every view to that time. The address holds the whole view: share
          it, reload it, go back.
        </p>
        <button type="button" class="button" onClick={onClose}>
          Close
        </button>
      </div>
    </div>
  );
}
