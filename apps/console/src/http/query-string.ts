/** A value of a query string that is not percent-encoded UTF-8, as it was sent. */
export class Undecodable {
  readonly raw: string;

  constructor(raw: string) {
    this.raw = raw;
  }

  /** In an error message. */
  toJSON(): string {
    return this.raw;
  }
}

/**
 * The name under which all `attr.<key>=<value>` are kept together, as pairs: keys are named by
 * clients.
 */
export const attributesKey = 'attr.*';
const attributePrefix = 'attr.';

/**
 * Parses a query string, whose length HTTP bounds. A key that comes again has all of
 * its values, and what cannot be decoded is kept as such, so that the route refuses it by its name.
 */
export function parseQueryString(queryString: string): Record<string, unknown> {
  const found = new Map<string, unknown[]>();
  for (const pair of queryString.split('&')) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const rawKey = at < 0 ? pair : pair.slice(0, at);
    const raw = at < 0 ? '' : pair.slice(at + 1);
    const key = decoded(rawKey);
    const value = key === undefined ? undefined : decoded(raw);
    const values = found.get(key ?? rawKey) ?? [];
    values.push(value ?? new Undecodable(raw));
    found.set(key ?? rawKey, values);
  }
  const entries = [...found].map(([key, values]): [string, unknown] => [
    key,
    values.length === 1 ? values[0] : values,
  ]);
  const isAttribute = ([key]: [string, unknown]) => key.startsWith(attributePrefix);
  const pairs = entries
    .filter(isAttribute)
    .map(([key, value]) => [key.slice(attributePrefix.length), value]);
  const others = entries.filter((entry) => !isAttribute(entry));
  return Object.fromEntries(pairs.length ? [...others, [attributesKey, pairs]] : others);
}

function decoded(raw: string): string | undefined {
  try {
    return decodeURIComponent(raw.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
