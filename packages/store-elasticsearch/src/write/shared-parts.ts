/**
 * What many documents repeat of their records: resource, scope and metric. What is large of them stands
 * in the write store; here it is cut, with a mark, so that no document is much larger than its record.
 */
import type { KeyValue, Metric, Resource, Scope } from '@spillway/otlp';
import { cutMark, type ResourceView, type ScopeView } from '@spillway/store';
import { toJson } from '@spillway/store/search';
import { shortened } from '../read/attribute-terms.ts';

/** Characters, about, of the JSON of one of them. */
const sharedCharsMax = 16_384;
/** Most characters of a text beside its attributes. */
const textCharsMax = 4_096;

export function sharedResource({
  attributes,
  droppedAttributesCount,
  schemaUrl,
}: Resource): ResourceView {
  const cut = cutAttributes(attributes);
  const isCut = cut !== attributes || schemaUrl.length > textCharsMax;
  return {
    attributes: isCut ? marked(cut) : attributes,
    droppedAttributesCount,
    schemaUrl: cutText(schemaUrl),
  };
}

export function sharedScope({ hash: _, name, version, ...rest }: Scope): ScopeView {
  const { attributes, schemaUrl } = rest;
  const cut = cutAttributes(attributes);
  const isCut = cut !== attributes || [name, version, schemaUrl].some(isLong);
  return {
    name: cutText(name),
    version: cutText(version),
    attributes: isCut ? marked(cut) : attributes,
    droppedAttributesCount: rest.droppedAttributesCount,
    schemaUrl: cutText(schemaUrl),
  };
}

export function sharedMetric(metric: Metric): Metric {
  const { name, description, unit, metadata } = metric;
  const cut = cutAttributes(metadata);
  if (cut === metadata && ![name, description, unit].some(isLong)) return metric;
  return {
    ...metric,
    name: cutText(name),
    description: cutText(description),
    unit: cutText(unit),
    metadata: marked(cut),
  };
}

/** Cuts a text as it stands in each document. */
export function cutText(text: string): string {
  return isLong(text) ? shortened(text) : text;
}

function isLong(text: string): boolean {
  return text.length > textCharsMax;
}

function marked(attributes: readonly KeyValue[]): KeyValue[] {
  return [...attributes, { key: cutMark, value: { boolValue: true } }];
}

/** The same list, or the first ones of those that have room. */
function cutAttributes(attributes: KeyValue[]): KeyValue[] {
  let left = sharedCharsMax;
  const kept = attributes.filter((attribute) => {
    const chars = toJson(attribute).length;
    if (chars > left) return false;
    left -= chars;
    return true;
  });
  return kept.length === attributes.length ? attributes : kept;
}
