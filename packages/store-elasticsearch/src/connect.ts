import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@elastic/elasticsearch';
import type { ElasticsearchSection } from './config.ts';
import { StoreUnavailableError, statusOf, UnsupportedServerError, unavailable } from './errors.ts';
import { templateOf, templateVersion } from './mappings.ts';
import { type IndexNames, indexKinds } from './names.ts';

const majors = new Set(['8', '9']);
const waitMs = 500;
const priorityBase = 200;

/** Waits for the server, at most `startTimeoutMs`. Throws `StoreUnavailableError`. */
export async function connect(
  client: Client,
  { startTimeoutMs, nodes }: ElasticsearchSection,
  signal: AbortSignal,
): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += waitMs) {
    try {
      const { version } = await client.info({}, { signal });
      const [major = ''] = version.number.split('.');
      if (majors.has(major)) return;
      throw new UnsupportedServerError(`Elasticsearch ${version.number}: 8 or 9 is needed`);
    } catch (error) {
      if (error instanceof UnsupportedServerError) throw error;
      const status = statusOf(error);
      const isForGood = status === 401 || status === 403;
      if (isForGood || waitedMs >= startTimeoutMs || signal.aborted) {
        const { message } = unavailable(error);
        throw new StoreUnavailableError(`${nodes.join(', ')}: ${message}`, { cause: error });
      }
      await sleep(waitMs, undefined, { signal });
    }
  }
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
    throw unavailable(error);
  }
}
