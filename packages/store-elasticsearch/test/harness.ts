import { type ElasticsearchServer, startElasticsearch } from '@spillway/native';
import { testNowMs } from '@spillway/store/contract';
import {
  createElasticsearchStore,
  type ElasticsearchStore,
  type ElasticsearchStoreOptions,
  elasticsearchSection,
} from '../src/index.ts';

/** Small, so that tests reach it. */
const contentBytesMax = 8 * 1_048_576;

let made = 0;

/** One server for all tests of a file; each test has index names of its own. */
export class TestServer {
  #native: ElasticsearchServer | undefined;

  async start(): Promise<void> {
    const config = { 'http.max_content_length': `${contentBytesMax}b` };
    this.#native = await startElasticsearch({ config });
  }

  async remove(): Promise<void> {
    await this.#native?.remove();
  }

  get native(): ElasticsearchServer {
    if (!this.#native) throw new Error('the server is not started');
    return this.#native;
  }

  async request(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.native.url}/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return await response.json();
  }

  fresh(): TestIndices {
    made += 1;
    return new TestIndices(this, `test${made}`);
  }
}

/** What one test makes. */
export class TestIndices {
  readonly prefix: string;
  readonly #server: TestServer;
  readonly #stores: ElasticsearchStore[] = [];

  constructor(server: TestServer, prefix: string) {
    this.#server = server;
    this.prefix = prefix;
  }

  /** Another process, as far as the store can tell. */
  async open(over: Partial<ElasticsearchStoreOptions> = {}): Promise<ElasticsearchStore> {
    const store = createElasticsearchStore({
      ...elasticsearchSection.parse({
        nodes: [this.#server.native.url],
        indexPrefix: this.prefix,
        replicas: 0,
        leaseMs: 500,
      }),
      ...over,
    });
    await store.start();
    this.#stores.push(store);
    return store;
  }

  async refresh(): Promise<void> {
    await this.#server.request('POST', `${this.prefix}-*/_refresh`);
  }

  async names(): Promise<string[]> {
    const found = await this.#server.request('GET', `${this.prefix}-*/_settings`);
    return Object.keys(found as object).sort();
  }

  async remove(): Promise<void> {
    for (const store of this.#stores) await store.stop();
    const names = await this.names();
    if (names.length) await this.#server.request('DELETE', names.join());
    await this.#server.request('DELETE', `_index_template/${this.prefix}-*`);
  }
}

export const allMinutes = { fromMinute: 0, toMinute: 2_000_000_000 };

/** Around the records of `TestRecords`. */
export const testRange = {
  tenant: 'acme',
  fromMs: testNowMs - 60_000,
  toMs: testNowMs + 60_000,
  limit: 100,
};
