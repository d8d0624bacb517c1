/**
 * What every search store must do, as a suite that every adapter runs whole. A store may be near
 * real time: `refresh` then makes visible what was applied.
 */
import { afterEach, beforeEach, describe } from 'vitest';
import { describeSearchLongNames } from './contract-long-names.ts';
import type {
  SearchStoreContractOptions,
  SearchStoreHarness,
  SearchStoreUnderTest,
} from './contract-search-harness.ts';
import { describeSearchHostile } from './contract-search-hostile.ts';
import { describeSearchLedger } from './contract-search-ledger.ts';
import { describeSearchLogs } from './contract-search-logs.ts';
import { describeSearchMetrics } from './contract-search-metrics.ts';
import { describeSearchRoom } from './contract-search-room.ts';
import { describeSearchTraces } from './contract-search-traces.ts';
import { describeSearchValues } from './contract-search-values.ts';

/** Declares the tests that every search store must pass. */
export function searchStoreContract({ name, create }: SearchStoreContractOptions): void {
  describe(`${name} as a search store`, () => {
    let harness: SearchStoreHarness;
    beforeEach(async () => {
      harness = await create();
    });
    afterEach(() => harness.close());

    const refresh = async () => harness.refresh?.();
    const underTest: SearchStoreUnderTest = {
      store: () => harness.store,
      refresh,
      apply: async (...messages) => {
        const outcomes = await harness.store.apply(messages);
        await refresh();
        return outcomes;
      },
      reopen: async () => {
        harness.store = await harness.reopen();
      },
    };
    describeSearchValues(underTest);
    describeSearchLongNames(underTest);
    describeSearchLedger(underTest);
    describeSearchTraces(underTest);
    describeSearchLogs(underTest);
    describeSearchMetrics(underTest);
    describeSearchHostile(underTest);
    describeSearchRoom(underTest);
  });
}
