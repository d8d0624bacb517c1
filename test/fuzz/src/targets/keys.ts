import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKey, KeyRing } from '@spillway/keys';
import { ConfigError } from '@spillway/runtime';
import { mutateText } from '../mutate/text.ts';
import { demand, type Target } from '../target.ts';

const file = join(mkdtempSync(join(tmpdir(), 'spillway-fuzz-keys-')), 'keys.yaml');
const digests = ['a'.repeat(64), '0123456789abcdef'.repeat(4), 'F'.repeat(64)];
const entries = digests.map((sha256, i) => {
  return `- name: key-${i}\n  tenant: shop${i}\n  scopes: [ingest, query, admin]\n  sha256: ${sha256}\n`;
});

/** A keys file. */
export const keys: Target = {
  name: 'keys',
  seeds: [Buffer.from(entries.join('')), Buffer.from('[]'), Buffer.from(entries[0] as string)],
  mutators: [mutateText],
  dictionary: [
    '- name: ',
    'tenant: ',
    'scopes: ',
    'sha256: ',
    '__proto__',
    '&a ',
    '*a',
    '<<: ',
    '!!binary ',
  ],
  bytesMax: 4 * 1024,
  async run(input) {
    writeFileSync(file, input);
    const ring = new KeyRing({ file, configKey: 'gateway.keysFile', pollMs: 3_600_000 });
    try {
      await ring.start();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return 'refused';
    }
    demand(
      ring.find(createKey({ name: 'x', tenant: 'x', scopes: [] }).key) === undefined,
      'no key is known that is not in the file',
    );
    const tenants = ring.tenants().size;
    await ring.stop();
    return tenants > 0 ? 'taken' : 'taken, empty';
  },
};
