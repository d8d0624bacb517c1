import { deadLetterHeaders, type Headers } from '@spillway/broker';
import type { Rewind } from './delivery/rewind.ts';

/** What a consumer reports besides its counts. */
export type ConsumerEvent = { group: string } & (
  | ({ type: 'rewound' } & Rewind)
  | { type: 'sink-unavailable'; attempt: number; waitMs: number; error: Error }
  /** From `store-open` on the store is only probed; `store-closed` says that it works again. */
  | { type: 'store-open' | 'store-half-open' | 'store-closed'; reason: string }
  | { type: 'partition-held'; partition: string; reason: string; waitMs: number }
  | { type: 'dead-letter'; code: string; records: number; reason: string }
  | { type: 'dead-letter-refused'; attempt: number; waitMs: number; error: Error }
  | { type: 'failed'; error: Error }
);

export function deadLetterEvent(group: string, headers: Headers): ConsumerEvent {
  return {
    type: 'dead-letter',
    group,
    code: headers[deadLetterHeaders.code] ?? '',
    records: Number(headers[deadLetterHeaders.records]),
    reason: headers[deadLetterHeaders.reason] ?? '',
  };
}
