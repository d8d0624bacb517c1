/**
 * What every write store must do, as a suite that every adapter runs whole. The tests share one
 * store (some take seconds to start); each has tenants, gateways and partitions of its own.
 */
import { afterAll, beforeAll, describe } from 'vitest';
import { describeWriteLongNames } from '../long-names.ts';
import type {
  WriteStoreContractOptions,
  WriteStoreHarness,
  WriteStoreUnderTest,
} from './harness.ts';
import { describeWriteLedger } from './ledger.ts';
import { describeWriteOnce } from './once.ts';
import { describeWriteParts } from './parts.ts';
import { describeWritePoison } from './poison.ts';
import { describeWriteRetention } from './retention.ts';
import { describeWriteRoundTrip } from './round-trip.ts';

/** Declares the tests that every write store must pass. */
export function writeStoreContract({ name, create }: WriteStoreContractOptions): void {
  describe(`${name} as a write store`, () => {
    let harness: WriteStoreHarness;
    beforeAll(async () => {
      harness = await create();
    });
    afterAll(() => harness.close());
    const underTest: WriteStoreUnderTest = {
      store: () => harness.store,
      reopen: async () => {
        harness.store = await harness.reopen();
      },
    };
    describeWriteRoundTrip(underTest);
    describeWriteOnce(underTest);
    describeWriteParts(underTest);
    describeWritePoison(underTest);
    describeWriteLongNames(underTest);
    describeWriteLedger(underTest);
    describeWriteRetention(underTest);
  });
}
