/** Attribute filters as the URL holds them (`attr.key=value`) and as people type them. */

const prefix = 'attr.';

export function attributesOf(params: URLSearchParams): Record<string, string> {
  return Object.fromEntries([...params].filter(([key]) => key.startsWith(prefix)));
}

/** Reads `key=value other="two words"` as `{'attr.key': 'value', 'attr.other': 'two words'}`. */
export function parseAttributes(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, key, quoted, bare] of text.matchAll(/([^\s=]+)=(?:"([^"]*)"|(\S*))/g)) {
    const value = quoted ?? bare;
    if (key && value) found[prefix + key] = value;
  }
  return found;
}

export function showAttributes(params: URLSearchParams): string {
  return Object.entries(attributesOf(params))
    .map(([key, value]) => {
      const shown = /\s/.test(value) ? `"${value}"` : value;
      return `${key.slice(prefix.length)}=${shown}`;
    })
    .join(' ');
}
