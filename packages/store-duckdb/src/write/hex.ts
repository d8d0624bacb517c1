/** Ids are hex text outside and unsigned integers inside: half the size, and quick to compare. */

export function fromHex(hex: string): bigint {
  return BigInt(`0x${hex}`);
}

export function fromHexOrNull(hex: string): bigint | null {
  return hex === '' ? null : fromHex(hex);
}

export function toHex128(id: bigint | null): string {
  return id === null ? '' : id.toString(16).padStart(32, '0');
}

export function toHex64(id: bigint | null): string {
  return id === null ? '' : id.toString(16).padStart(16, '0');
}

/** What a person typed: undefined when it cannot be an id of that many digits. */
export function parseHex(text: string, digits: 16 | 32): bigint | undefined {
  return text.length === digits && /^[0-9a-f]+$/i.test(text) ? fromHex(text) : undefined;
}
