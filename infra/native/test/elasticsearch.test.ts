import { type ElasticsearchServer, startElasticsearch } from '@spillway/native';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectEnded } from './processes.ts';

let elasticsearch: ElasticsearchServer;

beforeAll(async () => {
  elasticsearch = await startElasticsearch();
});
afterAll(() => elasticsearch?.remove());

async function call(method: string, path: string, body?: object): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const content = body && { body: JSON.stringify(body) };
  const response = await fetch(`${elasticsearch.url}${path}`, { method, headers, ...content });
  return response.json();
}

test('it says who it is, indexes and searches', async () => {
  expect(await call('GET', '/')).toMatchObject({ version: { number: /^8\.19\./ } });
  await call('PUT', '/notes/_doc/1?refresh=true', { text: 'a quick brown fox', count: 3 });
  const found = await call('POST', '/notes/_search', {
    query: { match: { text: 'fox' } },
    aggs: { sum: { sum: { field: 'count' } } },
  });
  expect(found).toMatchObject({
    hits: { total: { value: 1 } },
    aggregations: { sum: { value: 3 } },
  });
});

test('what it has acknowledged is there after a kill', async () => {
  await call('PUT', '/notes/_doc/2', { text: 'kept' });
  const { pid } = elasticsearch.server;
  await elasticsearch.server.kill();
  await expectEnded([pid]);
  await elasticsearch.server.start();
  expect(await call('GET', '/notes/_doc/2')).toMatchObject({ _source: { text: 'kept' } });
});

test('its removal ends it', async () => {
  const { pid } = elasticsearch.server;
  await elasticsearch.remove();
  await expectEnded([pid]);
});
