import { expect, test } from 'vitest';
import { Generations } from './generations.ts';
import type { StateDocument, StoreState, VersionedState } from './state.ts';

const first: StoreState = { current: 1, building: null, last: 1, horizonMs: 0 };

/** Answers a read only when told to, with what was true when it was asked. */
class SlowDocument {
  #versioned: VersionedState = { state: first, seqNo: 0, term: 1 };
  readonly #waiting: (() => void)[] = [];

  async read(): Promise<VersionedState> {
    const seen = this.#versioned;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return seen;
  }

  async update(change: (state: StoreState) => StoreState): Promise<VersionedState> {
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const { state, seqNo, term } = this.#versioned;
    this.#versioned = { state: change(state), seqNo: seqNo + 1, term };
    return this.#versioned;
  }

  answerNext(): void {
    this.#waiting.shift()?.();
  }
}

test('a read begun after an update does not put back what was before it', async () => {
  let nowMs = 0;
  const document = new SlowDocument();
  const generations = new Generations({
    document: document as unknown as StateDocument,
    leaseMs: 1_000,
    monotonicMs: () => nowMs,
    onPolled: () => undefined,
  });
  const updated = generations.update((state) => ({ ...state, horizonMs: 7 }));
  nowMs = 1;
  const stale = generations.state();
  document.answerNext();
  await updated;
  document.answerNext();
  await stale;
  expect((await generations.state()).horizonMs).toBe(7);
});
