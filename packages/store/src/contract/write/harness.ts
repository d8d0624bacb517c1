/** What the suite of the write store and its parts work with. */

import type { MessageOutcome } from '../../sink.ts';
import type { StoredMessage, WriteStore } from '../../write-store.ts';
import { TestRecords } from '../test-records.ts';

/** What the contract needs to run a write store. */
export interface WriteStoreHarness {
  /** Started and empty. */
  store: WriteStore;
  /** Stops the store and starts another one on the same data. */
  reopen: () => Promise<WriteStore>;
  /** Stops the store and removes its data. */
  close: () => Promise<void>;
}

/** Options of the contract of write stores. */
export interface WriteStoreContractOptions {
  name: string;
  create: () => Promise<WriteStoreHarness>;
}

/** What the parts of the suite work with. */
export interface WriteStoreUnderTest {
  store(): WriteStore;
  reopen(): Promise<void>;
}

export const everyMinute = { fromMinute: 0, toMinute: 2_000_000_000 };

let made = 0;

/** Records of a tenant, gateway and partition that no other test has. */
export function freshRecords(options: { nowMs?: number } = {}): TestRecords & { tenant: string } {
  made += 1;
  const tenant = `tenant-${made}`;
  const records = new TestRecords({ tenant, gateway: `gw-${made}`, partition: made, ...options });
  return Object.assign(records, { tenant });
}

export async function collect(
  store: WriteStore,
  range: Parameters<WriteStore['readBack']>[0],
): Promise<StoredMessage[]> {
  const found: StoredMessage[] = [];
  for await (const message of store.readBack(range)) found.push(message);
  return found;
}

export function statuses(outcome: MessageOutcome | undefined): string[] {
  return outcome?.records.map(({ status }) => status) ?? [];
}
