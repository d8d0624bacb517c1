import type { Client } from '@elastic/elasticsearch';
import { retryUntilDone } from '@spillway/resilience';
import { StoreError } from '@spillway/store';
import { templateOf, templateVersion } from './admin/mappings.ts';
import { call } from './client.ts';
import type { ElasticsearchSection } from './config.ts';
import { statusOf, storeErrorOf, unavailable } from './errors.ts';
import { type IndexNames, indexKinds } from './names.ts';

const majors = new Set(['8', '9']);
const backoffLimits = { baseMs: 500, maxMs: 1_000 };
const priorityBase = 200;

/** Tries again for at most `startTimeoutMs`. Throws `unavailable`. */
export async function whenReachable<T>(
  { startTimeoutMs, nodes }: ElasticsearchSection,
  abort: AbortSignal,
  run: () => Promise<T>,
): Promise<T> {
  try {
    const patienceMs = startTimeoutMs;
    return await retryUntilDone(run, { ...backoffLimits, abort, patienceMs, isPassing });
  } catch (error) {
    if (!(error instanceof StoreError) || error.code === 'unsupported') throw error;
    const hosts = nodes.map((node) => new URL(node).host).join(', ');
    throw unavailable(`${hosts}: ${error.message}`, { cause: error });
  }
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof StoreError) || error.code === 'unsupported') return false;
  return !refusals.has(statusOf(error.cause) ?? 0);
}

/** Who we say we are is not let in. */
const refusals = new Set([401, 403]);

/** Throws the `StoreError` `unsupported` for another version of Elasticsearch than 8 or 9. */
export async function checkVersion(client: Client): Promise<void> {
  const { version } = await call(() => client.info());
  const [major = ''] = version.number.split('.');
  if (majors.has(major)) return;
  throw new StoreError('unsupported', `Elasticsearch ${version.number}: 8 or 9 is needed`);
}

/** A newer template, which another process brought, is left alone. */
export async function installTemplates(
  client: Client,
  names: IndexNames,
  section: ElasticsearchSection,
): Promise<void> {
  try {
    for (const [i, kind] of indexKinds.entries()) {
      const name = names.template(kind);
      const found = await client.indices.getIndexTemplate({ name }, { ignore: [404] });
      const version = found.index_templates?.[0]?.index_template.version ?? 0;
      if (version > templateVersion) continue;
      await client.indices.putIndexTemplate({
        name,
        index_patterns: [names.everyGeneration(kind)],
        template: templateOf(kind, section),
        version: templateVersion,
        // No two patterns that may overlap are equal; a longer prefix goes before a shorter one.
        priority: priorityBase + names.prefix.length * indexKinds.length + i,
      });
    }
  } catch (error) {
    throw storeErrorOf(error);
  }
}
