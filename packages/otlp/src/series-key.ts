/** Which time series a data point belongs to, see `keys.ts`. */

import { tagOf } from './layout.ts';
import type { Reader } from './reader.ts';
import { type RecordKeys, writeBlock } from './record-keys.ts';
import type { Metric } from './records.ts';

/** The field number of the attributes in each kind of point. */
const attributesTagOf: Readonly<Record<Metric['type'], number>> = {
  gauge: tagOf(7),
  sum: tagOf(7),
  histogram: tagOf(9),
  exponential_histogram: tagOf(1),
  summary: tagOf(7),
};

/**
 * Makes the series key of the point that `reader` is at the start of, well-formed; `keys` is at its
 * scope.
 */
export function seriesKeyOf(
  keys: RecordKeys,
  { metric, dataTag }: { metric: Metric; dataTag: number },
  reader: Reader,
): string {
  const attributes = attributesOf(reader, attributesTagOf[metric.type]);
  return keys.underContext((writer) => {
    writeBlock(writer, Buffer.from(metric.name));
    writeBlock(writer, Buffer.from(metric.unit));
    writer.raw(Uint8Array.of(dataTag >>> 3));
    writer.fixed32Bits(metric.temporality);
    writer.raw(Uint8Array.of(metric.monotonic ? 1 : 0));
    for (const attribute of attributes) writeBlock(writer, attribute);
  });
}

/** Their order does not matter to a series. */
function attributesOf(reader: Reader, attributesTag: number): Uint8Array[] {
  const attributes: Uint8Array[] = [];
  while (reader.more) {
    const tag = reader.tag();
    if (tag === attributesTag) attributes.push(reader.blob());
    else reader.skip(tag);
  }
  return attributes.length < 2 ? attributes : attributes.sort(Buffer.compare);
}
