import { randomUUID } from 'node:crypto';
import type { Client } from '@elastic/elasticsearch';
import type { SafetyFinding } from '@spillway/broker';
import { call, callIfThere } from '../client.ts';
import type { ElasticsearchSection } from '../config.ts';
import { type IndexNames, indexKinds } from '../names.ts';

/** What of the server or of our indices breaks a promise; also of indices that are yet to be made. */
export async function inspectServer(
  client: Client,
  names: IndexNames,
  { bulkBytesMax }: ElasticsearchSection,
): Promise<SafetyFinding[]> {
  const settings = await indexSettings(client, names);
  return [
    ...(await bulkLimit(client, bulkBytesMax)),
    ...(await changedIds(client, settings)),
    ...unsynced(settings),
  ];
}

async function bulkLimit(client: Client, bulkBytesMax: number): Promise<SafetyFinding[]> {
  const { nodes } = await call(() => client.nodes.info({ metric: 'http' }));
  const limits = Object.values(nodes).flatMap(
    ({ http }) => http?.max_content_length_in_bytes ?? [],
  );
  const least = Math.min(...limits);
  if (bulkBytesMax <= least) return [];
  return [
    {
      name: 'bulk-limit',
      key: 'store.search.elasticsearch.bulkBytesMax',
      wanted: `at most http.max_content_length of every node, ${least}`,
      got: String(bulkBytesMax),
    },
  ];
}

interface IndexSettings {
  index: string;
  pipelines: string[];
  durability: string;
}

/** Reads the settings of every index there is, and of those that any template would make. */
async function indexSettings(client: Client, names: IndexNames): Promise<IndexSettings[]> {
  const index = indexKinds.map((kind) => names.everyGeneration(kind));
  const found = await call(() => client.indices.getSettings({ index, flat_settings: true }));
  const there = Object.entries(found).map(([name, { settings }]) => settingsOf(name, settings));
  const coming = indexKinds.map(async (kind) => {
    const name = names.all(0, kind).replace('*', 'next');
    const { template } = await call(() => client.indices.simulateIndexTemplate({ name }));
    return settingsOf(name, flattened(template.settings));
  });
  return [...there, ...(await Promise.all(coming))];
}

function settingsOf(index: string, settings: unknown): IndexSettings {
  const flat = settings as Readonly<Record<string, string | undefined>>;
  const named = [flat['index.default_pipeline'], flat['index.final_pipeline']];
  return {
    index,
    pipelines: named.filter((name) => name !== undefined && name !== '_none') as string[],
    durability: flat['index.translog.durability'] ?? 'request',
  };
}

function flattened(tree: unknown, path = ''): Record<string, string> {
  if (typeof tree !== 'object' || tree === null) return { [path]: String(tree) };
  const parts = Object.entries(tree).map(([key, child]) =>
    flattened(child, path === '' ? key : `${path}.${key}`),
  );
  return Object.assign({}, ...parts);
}

/** A pipeline may write a document elsewhere or nowhere: each is asked what it does with one. */
async function changedIds(
  client: Client,
  settings: readonly IndexSettings[],
): Promise<SafetyFinding[]> {
  const names = new Set(settings.flatMap(({ pipelines }) => pipelines));
  const findings: SafetyFinding[] = [];
  for (const name of names) {
    const { index } = settings.find(({ pipelines }) => pipelines.includes(name)) as IndexSettings;
    const got = await changeBy(client, name, index);
    if (got === undefined) continue;
    const wanted = 'every document under the id that it is given';
    findings.push({ name: 'document-ids', key: `${index} (Elasticsearch)`, wanted, got });
  }
  return findings;
}

async function changeBy(
  client: Client,
  pipeline: string,
  index: string,
): Promise<string | undefined> {
  const there = await callIfThere(() => client.ingest.getPipeline({ id: pipeline }));
  if (there === undefined) return `pipeline ${pipeline} is not there: it refuses every document`;
  const given = { _index: index, _id: randomUUID(), _source: { tenant: 'probe' } };
  const { docs } = await call(() => client.ingest.simulate({ id: pipeline, docs: [given] }));
  const [result] = docs;
  if (result?.doc === undefined) return `pipeline ${pipeline} drops or refuses it`;
  if (result.doc._id !== given._id) return `pipeline ${pipeline} gives another _id`;
  if (result.doc._index !== index) return `pipeline ${pipeline} writes to another index`;
  return undefined;
}

function unsynced(settings: readonly IndexSettings[]): SafetyFinding[] {
  const bad = settings.filter(({ durability }) => durability !== 'request');
  if (bad.length === 0) return [];
  const got = `${bad[0]?.durability} on ${bad.map(({ index }) => index).join(', ')}`;
  return [{ name: 'fsync', key: 'index.translog.durability', wanted: 'request', got }];
}
