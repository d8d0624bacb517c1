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

/** A search store that a contract suite works on, and what a test may do to it from outside. */
export interface SearchStoreHarness extends SearchSides {
  /** Stops the store and starts another one on the same data. */
  reopen: () => Promise<SearchSides>;
  /** Makes visible what was applied, in stores that are near real time. */
  refresh?: () => Promise<void>;
  /** Stops the store and removes its data; also after `writer.stop()`. */
  close: () => Promise<void>;
}

/** What the contract suites need to know of an adapter of the search ports. */
export interface SearchContractOptions {
  /** Name of the adapter in the titles of the tests. */
  name: string;
  /** Makes a store that is started and empty; called before each test. */
  create: () => Promise<SearchStoreHarness>;
}

/** The store that the parts of the suites work with, a fresh one for each test. */
export interface SearchStoreUnderTest {
  writer(): SearchWriter;
  reader(): SearchReader;
  /** Applies and makes visible. */
  apply(...messages: DecodedMessage[]): Promise<MessageOutcome[]>;
  reopen(): Promise<void>;
  refresh(): Promise<void>;
}

/** A query for what `TestRecords` makes by default: its tenant, and a minute on either side. */
export const testRange = {
  tenant: 'acme',
  fromMs: testNowMs - 60_000,
  toMs: testNowMs + 60_000,
  limit: 100,
};

/** A range of minutes since the epoch that no record of a test lies outside. */
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
