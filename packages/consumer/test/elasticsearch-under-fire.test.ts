import { type ElasticsearchServer, startElasticsearch } from '@spillway/native';
import {
  createElasticsearchStore,
  type ElasticsearchStore,
  elasticsearchSection,
} from '@spillway/store-elasticsearch';
import { TcpProxy } from '@spillway/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Fire } from './support/fire.ts';

const everyMinute = { fromMinute: 0, toMinute: 2_000_000_000 };
let server: ElasticsearchServer;
let proxy: TcpProxy;
let store: ElasticsearchStore;

const section = () =>
  elasticsearchSection.parse({ nodes: [`http://${proxy.address}`], replicas: 0 });

beforeAll(async () => {
  server = await startElasticsearch();
  proxy = await TcpProxy.start(server.server.address);
  store = createElasticsearchStore({ ...section(), requestTimeoutMs: 700 });
  await store.start();
});
afterAll(async () => {
  await store?.stop();
  await proxy?.remove();
  await server?.remove();
});

test('nothing is lost or doubled through every way to lose a server amid bulks', async () => {
  const fire = await Fire.start(store);
  const heal = () => proxy.heal();
  const { server: process } = server;
  await fire.suffer({ name: 'cut', begin: () => proxy.cut(), end: heal }, true);
  // Documents are stored, and nobody hears of it.
  await fire.suffer({ name: 'answers lost', begin: () => proxy.halfOpen('answers'), end: heal });
  // Bulks arrive after they were given up and sent again.
  await fire.suffer({ name: 'late requests', begin: () => proxy.hold(), end: heal });
  // Longer than a request may take.
  const frozen = { begin: () => process.pause(), end: () => process.resume() };
  await fire.suffer({ name: 'frozen', ...frozen }, true);
  // As the server does itself when its disk is full; that block it would take away here by itself.
  await fire.suffer({ name: 'blocked', begin: () => block(true), end: () => block(null) });
  await fire.drain();
  await fire.expectCalm();
  // One that is not in a hurry.
  const auditor = createElasticsearchStore({ ...section(), nodes: [server.url] });
  await auditor.start();
  const applied = await auditor.appliedMessages(everyMinute);
  const sum = (of: 'stored' | 'duplicates' | 'deadLettered') =>
    applied.reduce((total, each) => total + each[of], 0);
  const { length } = fire.sent;
  expect(applied).toHaveLength(length / 2);
  expect([sum('stored'), sum('duplicates'), sum('deadLettered')]).toEqual([length, 0, 0]);
  // Documents have the key of their record as id.
  const counts = await auditor.rowCounts(everyMinute);
  expect(counts.reduce((total, { rows }) => total + rows, 0)).toBe(length);
  await auditor.stop();
  await fire.end();
}, 120_000);

async function block(isBlocked: true | null): Promise<void> {
  const response = await fetch(`${server.url}/spillway-*/_settings`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ 'index.blocks.write': isBlocked }),
  });
  expect(response.status).toBe(200);
}
