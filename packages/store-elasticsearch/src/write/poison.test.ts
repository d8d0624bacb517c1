import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { blamesStore, type DecodedMessage } from '@spillway/store';
import { expect, it } from 'vitest';
import { elasticsearchSection } from '../config.ts';
import { createElasticsearchStore } from '../elasticsearch-store.ts';

/** As much of a server as a start needs; what is asked of messages it does not understand. */
function answerTo(path: string): [status: number, body: unknown] {
  if (path === '/') return [200, { version: { number: '9.0.0' } }];
  if (path.includes('/_mget')) return [400, { error: { type: 'parse_exception' } }];
  const _source = { current: 1, building: null, last: 1, horizonMs: 0 };
  return [200, { _source, _seq_no: 1, _primary_term: 1, index_templates: [] }];
}

it('stays well when the server does not understand what one batch makes it ask', async () => {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const [status, body] = answerTo(new URL(request.url ?? '/', 'http://local').pathname);
      const type = 'application/vnd.elasticsearch+json;compatible-with=9';
      response.writeHead(status, { 'x-elastic-product': 'Elasticsearch', 'content-type': type });
      response.end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const section = elasticsearchSection.parse({ nodes: [`http://127.0.0.1:${port}`] });
  const store = createElasticsearchStore(section);
  await store.start();
  const id = { gateway: 'gw', epoch: 1, topic: 'otlp_logs', partition: 0, sequence: 1 };
  const envelope = { id, tenant: 'acme', receivedMs: Date.now(), foreign: false };
  const message = { envelope, signal: 'logs', position: 0, records: [], broken: [] };
  const error = await store.apply([message as unknown as DecodedMessage]).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(Error);
  // Else the consumer would take poison for a sick store, and wait for ever.
  expect(blamesStore(error)).toBe(false);
  expect(store.health().ok).toBe(true);
  await store.stop();
  server.close();
});
