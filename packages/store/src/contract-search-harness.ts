/** What the suite of the search store and its parts work with. */
import type { SearchStore } from './search-store.ts';
import type { DecodedMessage, MessageOutcome } from './sink.ts';
import { testNowMs } from './test-records.ts';

/** What the contract needs to run a search store. */
export interface SearchStoreHarness {
  /** Started and empty. */
  store: SearchStore;
  /** Stops the store and starts another one on the same data. */
  reopen: () => Promise<SearchStore>;
  /** Makes visible what was applied, in stores that are near real time. */
  refresh?: () => Promise<void>;
  /** Stops the store and removes its data. */
  close: () => Promise<void>;
}

/** Options of the contract of search stores. */
export interface SearchStoreContractOptions {
  name: string;
  create: () => Promise<SearchStoreHarness>;
}

/** What the parts of the suite work with: a fresh store for each test. */
export interface SearchStoreUnderTest {
  store(): SearchStore;
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

/** A range that holds every minute. */
export const allMinutes = { fromMinute: 0, toMinute: Math.floor(testNowMs / 60_000) + 1_000_000 };
