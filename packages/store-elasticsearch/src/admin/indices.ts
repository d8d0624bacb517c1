import type { Client } from '@elastic/elasticsearch';
import { call, callIfThere } from '../client.ts';
import { type IndexNames, indexKinds } from '../names.ts';

export interface IndexFound {
  index: string;
  uuid: string;
}

/** Lists the indices of every generation. */
export async function listIndices(client: Client, names: IndexNames): Promise<IndexFound[]> {
  const index = indexKinds.map((kind) => names.everyGeneration(kind));
  const found = await call(() =>
    client.indices.getSettings({ index, filter_path: '*.settings.index.uuid' }),
  );
  return Object.entries(found).map(([name, { settings }]) => ({
    index: name,
    uuid: settings?.index?.uuid ?? '',
  }));
}

/** Drops an index; resolves also when another process was faster. */
export async function dropIndex(client: Client, index: string): Promise<void> {
  await callIfThere(() => client.indices.delete({ index }));
}

export async function dropGenerations(
  client: Client,
  names: IndexNames,
  isDropped: (generation: number) => boolean,
): Promise<void> {
  for (const { index } of await listIndices(client, names)) {
    const parsed = names.parse(index);
    if (parsed && isDropped(parsed.generation)) await dropIndex(client, index);
  }
}
