import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createKey } from '@spillway/keys';
import { stringify } from 'yaml';

export interface Tenants {
  goodKey: string;
  evilKey: string;
  /** Of the tenant that has what other programs wrote without naming one. */
  defaultKey: string;
  /** Flags of `spillway up` that make the keys known at the doors and at the console. */
  args: readonly string[];
}

/** The tenants `good`, whose canary must notice nothing, and `evil`, whose key the attacks use. */
export function writeKeys(dir: string): Tenants {
  const keyOf = (tenant: string) => {
    return createKey({ name: tenant, tenant, scopes: ['ingest', 'query'] });
  };
  const [good, evil, everybody] = [keyOf('good'), keyOf('evil'), keyOf('default')];
  const keysFile = join(dir, 'keys.yaml');
  writeFileSync(keysFile, stringify([good.entry, evil.entry, everybody.entry]));
  const args = ['--gateway.keysFile', keysFile, '--console.keysFile', keysFile];
  return { goodKey: good.key, evilKey: evil.key, defaultKey: everybody.key, args };
}
