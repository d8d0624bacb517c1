/**
 * Keys of records for the contract suites. They follow the rule of the record key (tenant, resource,
 * scope, content, ordinal among equals), though not its hash function.
 */
import { createHash } from 'node:crypto';
import type { TelemetryRecord } from '@spillway/otlp';

/** Gives each record its index, past those that are taken, and its key. */
export function withKeys(
  records: readonly TelemetryRecord[],
  tenant: string,
  taken: ReadonlySet<number>,
): TelemetryRecord[] {
  const ordinals = new Map<string, number>();
  let index = -1;
  return records.map((record) => {
    do index += 1;
    while (taken.has(index));
    const content = hashOf({ ...record, key: '', index: 0, tenant });
    const ordinal = ordinals.get(content) ?? 0;
    ordinals.set(content, ordinal + 1);
    return { ...record, index, key: record.key || hashOf([content, ordinal]) };
  });
}

/** Hashes any value, numbers that JSON does not know too, to 32 hexadecimal digits. */
export function hashOf(value: unknown): string {
  const json = JSON.stringify(value, (_, part) => {
    if (typeof part === 'bigint') return `${part}n`;
    return typeof part === 'number' && !Number.isFinite(part) ? String(part) : part;
  });
  return createHash('md5').update(json).digest('hex');
}
