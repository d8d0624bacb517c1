import { type Census, count, identityOf } from '../check/census.ts';
import type { SenderLog } from './sender-file.ts';

interface Hit {
  sort: unknown[];
  _source: { exact: Parameters<typeof identityOf>[0] };
}

const pageSize = 2_000;

/** Documents of the senders, page by page, by plain HTTP: no code of ours decides what is found. */
export async function countDocuments(
  url: string,
  census: Census,
  logs: readonly SenderLog[],
): Promise<void> {
  await ask(url, '/spillway-g*/_refresh');
  const service = logs.map(({ name }) => name);
  let after: unknown[] | undefined;
  do {
    const hits = await page(url, service, after);
    for (const { _source } of hits) {
      const { sender, sequence } = identityOf(_source.exact);
      count(census, sender, sequence);
    }
    after = hits.at(-1)?.sort;
  } while (after);
}

async function page(url: string, service: string[], after: unknown[] | undefined): Promise<Hit[]> {
  const found = await ask<{ hits: { hits: Hit[] } }>(
    url,
    '/spillway-g*-traces-*,spillway-g*-logs-*,spillway-g*-metrics-*/_search',
    {
      size: pageSize,
      query: { terms: { service } },
      _source: ['exact.attributes'],
      // The tie is a part of the record's key: unlike for any two of them.
      sort: [{ service: 'asc' }, { tie: 'asc' }],
      ...(after && { search_after: after }),
    },
  );
  return found.hits.hits;
}

async function ask<T>(url: string, path: string, body?: object): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url + path, {
    method: 'POST',
    ...(body && { headers, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`);
  return JSON.parse(text) as T;
}
