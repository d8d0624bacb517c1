import { useEffect, useState } from 'preact/hooks';
import type { StatusAnswer } from '../../../src/schema/pipeline-answers.ts';
import { ask, keyNeeded, session } from '../lib/api.ts';

const pollMs = 30_000;

/** On every view while a safety check of the start is switched off, and found something. */
export function UnsafeBanner() {
  const [unsafe, setUnsafe] = useState<StatusAnswer['unsafe']>([]);
  const caller = session.value;
  useEffect(() => {
    const poll = (): void => {
      if (document.hidden || keyNeeded.value) return;
      ask<StatusAnswer>('/api/status').then(
        (answer) => setUnsafe(answer.unsafe),
        () => undefined, // The view says that nothing answers; what is known stays.
      );
    };
    poll();
    const timer = setInterval(poll, pollMs);
    return () => clearInterval(timer);
  }, [caller]);
  if (!unsafe.length) return null;
  return (
    <aside class="unsafe" aria-label="Unsafe configuration">
      <strong>
        <span aria-hidden="true">▲</span> Unsafe: acknowledged data may be lost
      </strong>
      <ul>
        {unsafe.map(({ name, key, wanted, got, processes }) => (
          <li key={`${name} ${key} ${got}`}>
            <code>{name}</code> {key}: wanted {wanted}, got {got} ({processes.join(', ')})
          </li>
        ))}
      </ul>
    </aside>
  );
}
