import type { RefusalCode } from '@spillway/broker';
import type { Verdict } from './verdict.ts';

export interface Refusal {
  code: RefusalCode;
  retryable: boolean;
  message: string;
}

export type BatchOutcome =
  /** `baseOffset` is undefined where a later answer proved it. */
  | { status: 'durable'; baseOffset: number | undefined }
  | ({ status: 'refused' } & Refusal)
  | { status: 'unknown'; message: string };

export interface ProducerBatch<Self> {
  /** Records; each takes a sequence number. */
  readonly count: number;
  /** Monotonic. */
  deadlineMs: number;
  settle(outcome: BatchOutcome): void;
  /** Only called with more than one record. */
  halves(): readonly Self[];
}

/** A batch that has its sequence. */
export interface Attempt<B> {
  readonly batch: B;
  readonly producerId: bigint;
  readonly epoch: number;
  readonly sequence: number;
}

export interface Slot<B> extends Attempt<B> {
  state: 'ready' | 'sent' | 'answered';
  /** Verdict of this round. */
  verdict: Verdict | undefined;
  /** An attempt ended without saying whether it is in the log. */
  perhaps: boolean;
}

export function unavailable(message: string): Refusal {
  return { code: 'unavailable', retryable: true, message };
}

/** The answer can only stay the same. */
export function isFinal({ verdict }: Slot<unknown>): boolean {
  return verdict?.kind === 'refused' || verdict?.kind === 'too-large';
}

/** A later batch of the epoch was acknowledged: that says that this one is in the log. */
export function isProven({ perhaps, verdict }: Slot<unknown>): boolean {
  if (!perhaps || verdict === undefined) return false;
  return verdict.kind === 'gap' || (verdict.kind === 'again' && verdict.perhaps);
}

/** Neither known nor wanted any more: what is not certain is reported as such. */
export function abandon<B extends ProducerBatch<B>>(
  { batch, perhaps }: Slot<B>,
  refusal: Refusal,
): void {
  if (perhaps) batch.settle({ status: 'unknown', message: refusal.message });
  else batch.settle({ status: 'refused', ...refusal });
}

/** Settles what is final; answers what is to be sent again. */
export function rejected<B extends ProducerBatch<B>>({
  batch,
  verdict,
  perhaps,
}: Slot<B>): readonly B[] {
  if (verdict?.kind !== 'refused' && verdict?.kind !== 'too-large') return [batch];
  const { message } = verdict;
  if (perhaps) batch.settle({ status: 'unknown', message });
  else if (verdict.kind === 'refused') {
    batch.settle({ status: 'refused', code: verdict.code, retryable: verdict.retryable, message });
  } else if (batch.count > 1) return batch.halves();
  else batch.settle({ status: 'refused', code: 'too-large', retryable: false, message });
  return [];
}
