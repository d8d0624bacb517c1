import type { Client } from '@elastic/elasticsearch';
import { call } from '../client.ts';
import type { BulkLine } from './bulk.ts';

const idsPerRequest = 2_000;

/** Finds, by document id, the message that stored it. Documents that are gone are left out. */
export async function findOwners(
  client: Client,
  lines: readonly BulkLine[],
): Promise<Map<string, string>> {
  const owners = new Map<string, string>();
  for (let from = 0; from < lines.length; from += idsPerRequest) {
    const asked = lines
      .slice(from, from + idsPerRequest)
      .map(({ index, id }) => ({ _index: index, _id: id, _source: ['message'] }));
    const { docs } = await call(() => client.mget<{ message: string }>({ docs: asked }));
    for (const doc of docs) {
      if ('found' in doc && doc.found && doc._source) owners.set(doc._id, doc._source.message);
    }
  }
  return owners;
}
