import { createHash } from 'node:crypto';
import type { KeyValue } from '@spillway/otlp';
import { scalarText } from '@spillway/store/search';

/** Terms of Lucene end at 32,766 bytes; long ones are distinguished by a hash of the whole. */
const charsMax = 512;
const charsShown = 440;

/** Shortens a text for filters and grouping; the exact text lies in the record. */
export function shortened(text: string): string {
  if (text.length <= charsMax) return text;
  return `${text.slice(0, charsShown)}…${createHash('sha1').update(text).digest('hex')}`;
}

/** `key=value`, with a backslash before `=` and backslash in the key so that no two are alike. */
export function attributeTerm(key: string, valueText: string): string {
  const escaped = /[=\\]/.test(key) ? key.replace(/[=\\]/g, '\\$&') : key;
  return shortened(`${escaped}=${valueText}`);
}

/** Makes the terms of attributes with a scalar value: lists and maps cannot be searched for. */
export function attributeTerms(attributes: readonly KeyValue[]): string[] {
  const terms: string[] = [];
  for (const { key, value } of attributes) {
    const text = scalarText(value);
    if (text !== undefined) terms.push(attributeTerm(key, text));
  }
  return terms;
}
