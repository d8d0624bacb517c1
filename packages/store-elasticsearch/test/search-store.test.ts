/** One server is shared by everything that the search store promises. */
import {
  type SearchContractOptions,
  searchReaderContract,
  searchWriterContract,
} from '@spillway/store/contract';
import { afterAll, beforeAll } from 'vitest';
import { describeExactlyOnce } from './exactly-once.ts';
import { TestServer } from './harness.ts';
import { describeNoLossOnServerFailure } from './no-loss-on-server-failure.ts';
import { describeNothingTooLarge } from './nothing-too-large.ts';
import { describeQueriesAtScale } from './queries-at-scale.ts';
import { describeRebuildBesideWriters } from './rebuild-beside-writers.ts';
import { describeRetention } from './retention-keeps-the-account.ts';

const server = new TestServer();
beforeAll(() => server.start());
afterAll(() => server.remove());

const options: SearchContractOptions = {
  name: 'Elasticsearch',
  create: async () => {
    const indices = server.fresh();
    let store = await indices.open();
    return {
      writer: store,
      reader: store,
      reopen: async () => {
        await store.stop();
        store = await indices.open();
        return { writer: store, reader: store };
      },
      refresh: () => indices.refresh(),
      close: () => indices.remove(),
    };
  },
};

searchWriterContract(options);
searchReaderContract(options);
describeExactlyOnce(server);
describeNothingTooLarge(server);
describeRetention(server);
describeQueriesAtScale(server);
describeRebuildBesideWriters(server);
describeNoLossOnServerFailure(server);
