/** What a metric's points have in common. Source: `metrics.proto`, `Metric`. */

import { attempt, type Fault, faultOf, inner } from '../fault.ts';
import { metricTypeByTag, pointsTag, tagOf } from '../layout.ts';
import { Reader, wireVarint } from '../reader.ts';
import type { Metric } from '../records.ts';
import { readKeyValueInside } from './decode-common.ts';
import { Fragments } from './fragments.ts';
import { recordValuesMax } from './record-cost.ts';

export interface MetricHead {
  metric: Metric;
  /** Tag of the `data` that counts, or 0. */
  dataTag: number;
  /** Where the first field with that `data` begins. */
  dataFrom: number;
  /** What the keys of its points have from it, see `keys.ts`. */
  header: Uint8Array;
  /**
   * Payloads of `metadata`: not part of the framing, so they may be malformed. Not all of them where
   * there are more than a record may have values.
   */
  metadata: Uint8Array[];
}

/** Reads the whole metric up to the limit, passing over the points. Then go back to `dataFrom`. */
export function readMetricHead(reader: Reader): MetricHead {
  const head = emptyHead();
  const { metric } = head;
  const own = new Fragments();
  const data = new Fragments();
  while (reader.more) {
    const start = reader.pos;
    const tag = reader.tag();
    const type = metricTypeByTag.get(tag);
    if (type !== undefined) {
      if (tag !== head.dataTag) {
        // Of a oneof the last member counts; what an earlier one held is gone.
        data.clear();
        Object.assign(metric, { type, temporality: 0, monotonic: false });
        head.dataTag = tag;
        head.dataFrom = start;
      }
      readData(reader, metric, data);
      continue;
    }
    if (tag === tagOf(1)) metric.name = reader.string();
    else if (tag === tagOf(2)) metric.description = reader.string();
    else if (tag === tagOf(3)) metric.unit = reader.string();
    else if (tag === tagOf(12) && head.metadata.length <= recordValuesMax) {
      head.metadata.push(reader.blob());
    } else reader.skip(tag);
    own.add(reader.slice(start, reader.pos));
  }
  const dataField = Uint8Array.of(head.dataTag >>> 3);
  head.header = Buffer.concat([own.bytes(), dataField, data.bytes()]);
  return head;
}

/** Fills in the metric's metadata; `offset` is where the metric begins. */
export function readMetadata({ metric, metadata }: MetricHead, offset: number): Fault | undefined {
  let values = 0;
  for (const bytes of metadata) {
    const reader = new Reader(bytes);
    reader.values = values;
    const read = attempt(inner.metadata, { bytes, offset }, () => readKeyValueInside(reader));
    values = reader.values;
    if (!('value' in read)) return faultOf(read, 'metadata');
    metric.metadata.push(read.value);
  }
  return undefined;
}

function emptyHead(): MetricHead {
  return {
    metric: {
      name: '',
      description: '',
      unit: '',
      type: 'gauge',
      temporality: 0,
      monotonic: false,
      metadata: [],
    },
    dataTag: 0,
    dataFrom: 0,
    header: new Uint8Array(),
    metadata: [],
  };
}

function readData(reader: Reader, metric: Metric, fields: Fragments): void {
  const outer = reader.enter();
  while (reader.more) {
    const start = reader.pos;
    const tag = reader.tag();
    if (tag === pointsTag) {
      reader.skip(tag);
      continue;
    }
    if (tag === tagOf(2, wireVarint) && metric.type !== 'gauge' && metric.type !== 'summary') {
      metric.temporality = reader.int32();
    } else if (tag === tagOf(3, wireVarint) && metric.type === 'sum') {
      metric.monotonic = reader.bool();
    } else reader.skip(tag);
    fields.add(reader.slice(start, reader.pos));
  }
  reader.leave(outer);
}
