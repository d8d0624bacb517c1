import { createHash } from 'node:crypto';

/** Bytes of a name that are kept, so that a chunk of them stays below 10 KB. */
const serviceBytesMax = 100;
const operationBytesMax = 250;
const knownMax = 10_000;

export const separator = '\u0000';

/** Keys name what they count by 64 bits of a hash, as the script does for edges. */
export function idOf(kind: 's' | 'o' | 'e', name: string): string {
  const text = `${kind}${separator}${name}`;
  const known = ids.get(text);
  if (known) return known;
  const id = createHash('sha1').update(text).digest('hex').slice(0, 16);
  remember(ids, text, id);
  return id;
}

export function serviceName(service: string): string {
  return shortened(services, service, serviceBytesMax);
}

export function operationName(service: string, kind: number, operation: string): string {
  const short = shortened(operations, operation, operationBytesMax);
  return [serviceName(service), kind, short].join(separator);
}

/** Braces and colons would change the slot of a key, or its meaning. */
export function tenantName(tenant: string): string {
  return encodeURIComponent(tenant.toWellFormed());
}

const ids = new Map<string, string>();
const services = new Map<string, string>();
const operations = new Map<string, string>();

/** Well-formed, without control characters (they separate names), cut at a whole character. */
function shortened(cache: Map<string, string>, text: string, bytesMax: number): string {
  const known = cache.get(text);
  if (known !== undefined) return known;
  let short = text
    .slice(0, bytesMax)
    .toWellFormed()
    .replace(/\p{Cc}/gu, ' ');
  while (Buffer.byteLength(short) > bytesMax) short = short.slice(0, -1).toWellFormed();
  remember(cache, text, short);
  return short;
}

function remember(cache: Map<string, string>, name: string, value: string): void {
  if (cache.size >= knownMax) cache.clear();
  cache.set(name, value);
}
