import { invalidCursor } from '@spillway/store';
import { attributeTerm, shortened } from './attribute-terms.ts';
import type { Query } from './reader.ts';

/** Makes the filter that a field equals a value; none where there is no value. */
export function equals(field: string, value: string | undefined): Query[] {
  return value === undefined ? [] : [{ term: { [field]: shortened(value) } }];
}

/** Makes the filters that a record or its resource has each of the attributes. */
export function hasAttributes(attributes: Readonly<Record<string, string>> | undefined): Query[] {
  return Object.entries(attributes ?? {}).map(([key, value]) => ({
    term: { attribute: attributeTerm(key, value) },
  }));
}

/** Reads an id as a person typed it; undefined when it cannot be one of that many hex digits. */
export function parseId(text: string, digits: 16 | 32): string | undefined {
  return text.length === digits && /^[0-9a-f]+$/i.test(text) ? text.toLowerCase() : undefined;
}

/** The integers of a cursor as the numbers that Elasticsearch sorts by: what we gave was exact. */
export function sortValues(cursor: readonly bigint[]): number[] {
  const values = cursor.map(Number);
  if (!values.every(Number.isSafeInteger)) throw invalidCursor();
  return values;
}
