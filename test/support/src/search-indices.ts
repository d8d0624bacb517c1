/** The documents of one lab, by plain HTTP. */
export class SearchIndices {
  readonly env: Readonly<Record<string, string>>;
  readonly #url: string;
  readonly #prefix: string;

  constructor(url: string, prefix: string) {
    this.#url = url;
    this.#prefix = prefix;
    this.env = {
      SPILLWAY_STORE_SEARCH_KIND: 'elasticsearch',
      SPILLWAY_STORE_SEARCH_ELASTICSEARCH_NODES: url,
      SPILLWAY_STORE_SEARCH_ELASTICSEARCH_INDEX_PREFIX: prefix,
      SPILLWAY_STORE_SEARCH_ELASTICSEARCH_REPLICAS: '0',
    };
  }

  async deleteLogs(count: number): Promise<void> {
    await this.refresh();
    const found = await this.#ask<Found>('POST', `/${this.#prefix}-*logs*/_search?size=${count}`);
    const lines = found.hits.hits.map(({ _index, _id }) => ({ delete: { _index, _id } }));
    if (lines.length !== count) throw new Error(`there are only ${lines.length} documents`);
    const body = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    await this.#ask('POST', '/_bulk?refresh=true', body);
  }

  async deleteAll(): Promise<void> {
    const pattern = `/_cat/indices/${this.#prefix}*?format=json&expand_wildcards=all`;
    for (const { index } of await this.#ask<{ index: string }[]>('GET', pattern)) {
      await this.#ask('DELETE', `/${index}`);
    }
  }

  async refresh(): Promise<void> {
    await this.#ask('POST', `/${this.#prefix}*/_refresh?expand_wildcards=all`);
  }

  async #ask<T>(method: string, path: string, body?: string): Promise<T> {
    const response = await fetch(this.#url + path, {
      method,
      ...(body !== undefined && { body, headers: { 'content-type': 'application/x-ndjson' } }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return JSON.parse(text) as T;
  }
}

interface Found {
  hits: { hits: { _index: string; _id: string }[] };
}
