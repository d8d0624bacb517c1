/** A message of the broker, or a request, as the records that the consumers work with. */
import type { DecodedRequest } from '../records.ts';
import type { Signal } from '../signal.ts';
import { type ReaderOptions, RequestReader } from './request-reader.ts';

/** Options of decoding a message. */
export type DecodeOptions = Omit<ReaderOptions, 'keysOnly'>;

const unlimited = { recordsMax: Number.POSITIVE_INFINITY, bytesMax: Number.POSITIVE_INFINITY };

/**
 * Decodes an `Export<Signal>ServiceRequest`. A record that is malformed inside, has wrong ids or is
 * too complex goes to `broken`; its neighbours do not notice. A malformed resource, scope or metric
 * metadata breaks the records under it. Text that is not UTF-8 gets U+FFFD, unknown fields are
 * ignored, of a field given twice the last counts (messages merge). Keys: see `keys.ts`.
 *
 * The result takes at most 300 bytes of heap for each byte of `message`, reached by data points that
 * are empty (two bytes each, at most `recordsMax`); telemetry takes about 5. `RequestReader` gives
 * the same in slices.
 * @throws OtlpError exactly when `scan` does.
 */
export function decode(
  signal: Signal,
  message: Uint8Array,
  options: DecodeOptions,
): DecodedRequest {
  const reader = new RequestReader(signal, message, options);
  const { records, broken } = reader.next(unlimited);
  return { signal, records, broken, ordinals: reader.ordinals };
}

/**
 * Each record's ordinal among byte-equal records, as `decode` counts them; undefined when all are 0.
 * Reads no record, only resources and scopes. @throws OtlpError exactly when `scan` does.
 */
export function ordinalsOf(signal: Signal, message: Uint8Array): number[] | undefined {
  const reader = new RequestReader(signal, message, { tenant: '', keysOnly: true });
  reader.next(unlimited);
  return reader.ordinals;
}
