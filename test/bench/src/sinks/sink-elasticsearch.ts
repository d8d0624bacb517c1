import { type ElasticsearchServer, startElasticsearch } from '@spillway/native';
import type { SearchStore } from '@spillway/store';
import { createElasticsearchStore, elasticsearchSection } from '@spillway/store-elasticsearch';
import { alternate, type Cost, costOf, printCosts } from '../costs.ts';
import { captureBulks, send } from './bulk-capture.ts';
import { decodedBatches, spansPerBatch } from './sink-batches.ts';

const batches = 20;
const records = batches * spansPerBatch;
/** Of the indices that the bodies were captured from. */
const capturedPrefix = 'ours0';

/** The search store beside `_bulk` of the bodies that it sent, into fresh indices of its templates. */
export async function benchElasticsearch(): Promise<void> {
  const server = await startElasticsearch();
  try {
    let bodies: string[] = [];
    const sides = [
      {
        name: 'store.apply',
        measure: async (round: number) => {
          if (round === 0) bodies = await captured(server);
          return await applied(server, `ours${round + 1}`);
        },
      },
      {
        name: '_bulk of the same documents, prepared',
        measure: (round: number) => sent(server, `bulk${round + 1}`, bodies),
      },
    ];
    const title = `Elasticsearch, batches of ${spansPerBatch} spans, refreshed at the end`;
    printCosts(title, 'span', await alternate(sides));
  } finally {
    await server.remove();
  }
}

/** One body a batch; the account of the messages is the store's own affair. */
async function captured(server: ElasticsearchServer): Promise<string[]> {
  const capture = await captureBulks(server.url);
  const store = storeOn(capture.url, capturedPrefix);
  await store.start();
  for (const messages of decodedBatches(batches + 1)) await store.apply(messages);
  await store.stop();
  await capture.close();
  await removeIndices(server, capturedPrefix);
  return capture.bodies.filter((body) => body.includes(`"_index":"${capturedPrefix}-g1-traces`));
}

async function applied(server: ElasticsearchServer, prefix: string): Promise<Cost> {
  const [first = [], ...prepared] = decodedBatches(batches + 1);
  const store = storeOn(server.url, prefix);
  await store.start();
  await store.apply(first); // makes the indices of the day
  const cost = await costOf(server.server, records, async () => {
    for (const messages of prepared) await store.apply(messages);
    await send(`${server.url}/${prefix}-*/_refresh`, { method: 'POST' });
  });
  await store.stop();
  await removeIndices(server, prefix);
  return cost;
}

async function sent(
  server: ElasticsearchServer,
  prefix: string,
  bodies: readonly string[],
): Promise<Cost> {
  const store = storeOn(server.url, prefix); // for its templates
  await store.start();
  await store.stop();
  const from = `"_index":"${capturedPrefix}-`;
  const [first = '', ...prepared] = bodies.map((body) =>
    body.replaceAll(from, `"_index":"${prefix}-`),
  );
  await sendBulk(server, first);
  const cost = await costOf(server.server, records, async () => {
    for (const body of prepared) await sendBulk(server, body);
    await send(`${server.url}/${prefix}-*/_refresh`, { method: 'POST' });
  });
  await removeIndices(server, prefix);
  return cost;
}

async function sendBulk({ url }: ElasticsearchServer, body: string): Promise<void> {
  const answer = await send(`${url}/_bulk?filter_path=errors`, { method: 'POST', body });
  if (answer !== '{"errors":false}') throw new Error(`_bulk answered ${answer}`);
}

function storeOn(url: string, indexPrefix: string): SearchStore {
  const section = elasticsearchSection.parse({ nodes: [url], indexPrefix, replicas: 0 });
  return createElasticsearchStore(section);
}

async function removeIndices({ url }: ElasticsearchServer, prefix: string): Promise<void> {
  const found = JSON.parse(await send(`${url}/${prefix}-*/_settings`, { method: 'GET' }));
  await send(`${url}/${Object.keys(found).join()}`, { method: 'DELETE' });
}
