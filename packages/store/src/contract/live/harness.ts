/** What the suite of the live store and its parts work with. */
import type { LiveStore } from '../../live/live-store.ts';
import type { DecodedMessage } from '../../sink.ts';
import { type TestRecords, testNowMs } from '../test-records.ts';

/** What the contract needs to run a live store. */
export interface LiveStoreHarness {
  /** Started and empty, with the default window of an hour. */
  store: LiveStore;
  /** Makes visible what was applied, in stores that are near real time. */
  refresh?: () => Promise<void>;
  /** Stops the store and removes its data. */
  close: () => Promise<void>;
}

/** Options of the contract of live stores. */
export interface LiveStoreContractOptions {
  name: string;
  /** Why it always answers: what is kept in the process itself is never out of reach. */
  alwaysThere?: string;
  /** The store takes its time from this clock, and keeps `bytesMax` of all tenants together. */
  create: (clock: () => number, bytesMax?: number) => Promise<LiveStoreHarness>;
}

/** What the parts of the suite work with: a fresh store for each test. */
export interface LiveStoreUnderTest {
  store: () => LiveStore;
  /** Applies and makes visible; returns what became of each record of each message. */
  apply: (...messages: DecodedMessage[]) => Promise<string[][]>;
  /** Moves the clock of the store on. */
  later: (ms: number) => void;
}

/** The minute of the records of `TestRecords`. */
export const range = { tenant: 'acme', fromMs: testNowMs, toMs: testNowMs + 60_000 };

/** Makes a call from one service to another: the span of its client, and that of its server. */
export function pair(records: TestRecords, from: string, to: string) {
  const client = records.span({
    kind: 3,
    resource: records.resource(from),
    parentSpanId: 'c'.repeat(16),
  });
  const server = records.span({
    kind: 2,
    resource: records.resource(to),
    traceId: client.traceId,
    parentSpanId: client.spanId,
  });
  return { client, server };
}
