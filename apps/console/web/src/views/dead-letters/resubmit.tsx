import { type Signal, useSignal } from '@preact/signals';
import type { ResubmitAnswer } from '../../../../src/schema/dead-letter-answers.ts';
import { send, session } from '../../lib/api.ts';
import { many } from '../../lib/format.ts';
import { refresh } from '../../lib/location.ts';

interface ResubmitProps {
  deadLetters: number;
  body: { ids: string[] } | { code: string; group: string };
}

type Step = 'ask' | 'sure' | { sent: number } | { said: string };

/** Two steps, in place. Only with a key that may. Of a whole code it goes on until none is left. */
export function Resubmit({ deadLetters, body }: ResubmitProps) {
  const step = useSignal<Step>('ask');
  if (!session.value?.scopes.includes('admin')) return null;
  const resubmit = (): Promise<void> => sendBack({ deadLetters, body }, step);
  if (typeof step.value === 'object' && 'said' in step.value) {
    return <span role="status">{step.value.said}</span>;
  }
  if (step.value === 'ask') {
    return (
      <button type="button" class="button small" onClick={() => (step.value = 'sure')}>
        Resubmit
      </button>
    );
  }
  const busy = typeof step.value === 'object' ? step.value : undefined;
  return (
    <span class="confirm">
      <button
        type="button"
        class="button small primary"
        disabled={busy !== undefined}
        onClick={() => void resubmit()}
      >
        {busy
          ? `Sent ${busy.sent} of ${deadLetters}…`
          : `Send ${many(deadLetters, 'dead letter')} back`}
      </button>
      <button
        type="button"
        class="button small"
        disabled={busy !== undefined}
        onClick={() => (step.value = 'ask')}
      >
        Cancel
      </button>
    </span>
  );
}

/** Goes on until the server sends nothing back any more, and says how far it is. */
async function sendBack({ deadLetters, body }: ResubmitProps, step: Signal<Step>): Promise<void> {
  let sent = 0;
  try {
    for (let went = 1; went > 0 && sent < deadLetters; sent += went) {
      step.value = { sent };
      const path = '/api/dead-letters/resubmit';
      went = (await send<ResubmitAnswer>('POST', path, body)).resubmitted.length;
    }
    const rest = sent < deadLetters ? `, ${deadLetters - sent} not` : '';
    step.value = { said: `${many(sent, 'dead letter')} sent back${rest}` };
    refresh();
  } catch (error) {
    const after = sent ? ` after ${many(sent, 'dead letter')}` : '';
    step.value = { said: `Not sent back${after}: ${(error as Error).message}` };
  }
}
