/**
 * What every search store must do, as a suite for each of its two ports. A store may be near real
 * time: `refresh` then makes visible what was applied.
 */
import { afterEach, beforeEach, describe } from 'vitest';
import { describeSearchLongNames } from '../long-names.ts';
import { describeSearchErrors } from './errors.ts';
import type { SearchContractOptions, SearchStoreHarness, SearchStoreUnderTest } from './harness.ts';
import { describeSearchHostile } from './hostile.ts';
import { describeSearchLedger } from './ledger.ts';
import { describeSearchLogs } from './logs.ts';
import { describeSearchMetrics } from './metrics.ts';
import { describeSearchOnce } from './once.ts';
import { describeSearchRoom } from './room.ts';
import { describeSearchTraces } from './traces.ts';
import { describeSearchValues } from './values.ts';

/** Once in the store, counted, kept for as long as it should be, and unchanged when it is read. */
export function searchWriterContract({ name, create }: SearchContractOptions): void {
  describe(`${name} as a search writer`, () => {
    const underTest = freshForEachTest(create);
    describeSearchOnce(underTest);
    describeSearchLedger(underTest);
    describeSearchValues(underTest);
    describeSearchLongNames(underTest);
  });
}

/** Right answers within their limits, and one table of errors. */
export function searchReaderContract({ name, create }: SearchContractOptions): void {
  describe(`${name} as a search reader`, () => {
    const underTest = freshForEachTest(create);
    describeSearchTraces(underTest);
    describeSearchLogs(underTest);
    describeSearchMetrics(underTest);
    describeSearchHostile(underTest);
    describeSearchRoom(underTest);
    describeSearchErrors(underTest);
  });
}

function freshForEachTest(create: SearchContractOptions['create']): SearchStoreUnderTest {
  let harness: SearchStoreHarness;
  beforeEach(async () => {
    harness = await create();
  });
  afterEach(() => harness.close());
  const refresh = async () => harness.refresh?.();
  return {
    writer: () => harness.writer,
    reader: () => harness.reader,
    refresh,
    apply: async (...messages) => {
      const outcomes = await harness.writer.apply(messages);
      await refresh();
      return outcomes;
    },
    reopen: async () => {
      Object.assign(harness, await harness.reopen());
    },
  };
}
