/** What the suites of the search ports and their parts work with. */
import { signals } from '@spillway/otlp';
import type { SearchReader } from '../../search/search-reader.ts';
import type { SearchWriter } from '../../search/search-writer.ts';
import type { DecodedMessage, MessageOutcome } from '../../sink.ts';
import { type TestRecords, testNowMs } from '../test-records.ts';

/** Both sides of one store; most adapters make them as one object. */
export interface SearchSides {
  writer: SearchWriter;
  reader: SearchReader;
}

export interface SearchStoreHarness extends SearchSides {
  /** Stops the store and starts another one on the same data. */
  reopen: () => Promise<SearchSides>;
  /** Makes visible what was applied, in stores that are near real time. */
  refresh?: () => Promise<void>;
  /** Stops the store and removes its data; also after `writer.stop()`. */
  close: () => Promise<void>;
}

export interface SearchContractOptions {
  name: string;
  /** Started and empty. */
  create: () => Promise<SearchStoreHarness>;
}

/** What the parts of the suites work with: a fresh store for each test. */
export interface SearchStoreUnderTest {
  writer(): SearchWriter;
  reader(): SearchReader;
  /** Applies and makes visible. */
  apply(...messages: DecodedMessage[]): Promise<MessageOutcome[]>;
  reopen(): Promise<void>;
  refresh(): Promise<void>;
}

/** Around the records of `TestRecords`. */
export const testRange = {
  tenant: 'acme',
  fromMs: testNowMs - 60_000,
  toMs: testNowMs + 60_000,
  limit: 100,
};

export const allMinutes = { fromMinute: 0, toMinute: Math.floor(testNowMs / 60_000) + 1_000_000 };

/** Rows of all tenants, signals and minutes. */
export async function rowsIn(writer: SearchWriter): Promise<number> {
  return (await writer.rowCounts(allMinutes)).reduce((sum, count) => sum + count.rows, 0);
}

/** A message of each signal with two records. */
export function ofAllSignals(records: TestRecords): DecodedMessage[] {
  const make = {
    traces: () => records.span(),
    logs: () => records.log(),
    metrics: () => records.point(),
  };
  return signals.map((signal) => records.message([make[signal](), make[signal]()]));
}
