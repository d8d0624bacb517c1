import { useSignal } from '@preact/signals';
import type { SessionAnswer } from '../../../src/schema/session-answers.ts';
import { ApiFailure, keyNeeded, send, session } from '../lib/api.ts';
import { refresh } from '../lib/location.ts';

export function SignIn() {
  const wrong = useSignal('');
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const key = String(new FormData(event.currentTarget as HTMLFormElement).get('key')).trim();
    try {
      session.value = await send<SessionAnswer>('POST', '/api/session', { key });
      keyNeeded.value = false;
      refresh();
    } catch (error) {
      wrong.value = error instanceof ApiFailure ? error.message : 'That did not work.';
    }
  };
  return (
    <main class="signin">
      <form class="dialog" onSubmit={(event) => void submit(event)}>
        <h1>Spillway</h1>
        <label>
          API key with the scope <code>query</code>
          <input name="key" type="password" autocomplete="current-password" required />
        </label>
        {wrong.value && (
          <p class="hint hint-error" role="alert">
            {wrong.value}
          </p>
        )}
        <button type="submit" class="button primary">
          Open the console
        </button>
      </form>
    </main>
  );
}
