import { useSignal } from '@preact/signals';
import type { ResubmitAnswer } from '../../../src/answers.ts';
import { send, session } from '../lib/api.ts';
import { many } from '../lib/format.ts';
import { refresh } from '../lib/location.ts';

interface ResubmitProps {
  letters: number;
  body: { ids: string[] } | { code: string; group: string };
}

/** Two steps, in place. Only with a key that may. */
export function Resubmit({ letters, body }: ResubmitProps) {
  const step = useSignal<'ask' | 'sure' | 'busy' | { said: string }>('ask');
  if (!session.value?.scopes.includes('admin')) return null;
  const resubmit = async (): Promise<void> => {
    step.value = 'busy';
    try {
      const path = '/api/dead-letters/resubmit';
      const { resubmitted, skipped } = await send<ResubmitAnswer>('POST', path, body);
      const rest = skipped.length ? `, ${skipped.length} not` : '';
      step.value = { said: `${many(resubmitted.length, 'letter')} sent back${rest}` };
      refresh();
    } catch (error) {
      step.value = { said: `Not sent back: ${(error as Error).message}` };
    }
  };
  if (typeof step.value === 'object') return <span role="status">{step.value.said}</span>;
  if (step.value === 'ask') {
    return (
      <button type="button" class="button small" onClick={() => (step.value = 'sure')}>
        Resubmit
      </button>
    );
  }
  const busy = step.value === 'busy';
  return (
    <span class="confirm">
      <button
        type="button"
        class="button small primary"
        disabled={busy}
        onClick={() => void resubmit()}
      >
        {busy ? 'Sending…' : `Send ${many(letters, 'letter')} back`}
      </button>
      <button
        type="button"
        class="button small"
        disabled={busy}
        onClick={() => (step.value = 'ask')}
      >
        Cancel
      </button>
    </span>
  );
}
