import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, loadConfig, maskedConfig } from '@spillway/runtime';
import { spillwaySchema } from 'spillway';
import { leavesOf } from '../../../../packages/runtime/src/config/config-schema.ts';
import { behindFirst } from '../mutate/behind-first.ts';
import { mutateText } from '../mutate/text.ts';
import type { Target } from '../target.ts';

const leaves = leavesOf(spillwaySchema);
const file = join(mkdtempSync(join(tmpdir(), 'spillway-fuzz-config-')), 'spillway.yaml');
const yaml = `data:\n  dir: /tmp/x\ngateway:\n  httpPort: 4318\n  tenants:\n    shop: {recordsPerSecondMax: 100}\nbroker:\n  kind: embedded\n  partitions: 4\nunsafeAllow: []\n`;
const env = leaves.map((leaf) => `${leaf.env}=${leaf.defaultValue ?? ''}`).join('\n');
const flags = leaves.map((leaf) => `${leaf.key}=${leaf.defaultValue ?? ''}`).join('\n');

/** First byte: where the text stands: in the file, the environment, or on the command line. */
export const config: Target = {
  name: 'config',
  seeds: [yaml, env, flags].map((text, number) =>
    Buffer.from(`${String.fromCharCode(number)}${text}`),
  ),
  mutators: [behindFirst(mutateText)],
  dictionary: leaves
    .flatMap(({ key, env: name }) => [key, name])
    .concat([
      ': ',
      '- ',
      '&a ',
      '*a',
      '<<: *a',
      '!!js',
      '---\n',
      '|',
      '>',
      '"',
      '{',
      '[',
      '1e999',
      '.inf',
      '0x10',
      '-1',
      '\t',
    ]),
  bytesMax: 8 * 1024,
  run(input) {
    const text = Buffer.from(input.subarray(1));
    const source = (input[0] ?? 0) % 3;
    const pairs = source === 0 ? {} : pairsOf(text.toString('utf8'));
    if (source === 0) writeFileSync(file, text);
    try {
      const loaded = loadConfig(spillwaySchema, {
        file: source === 0 ? file : undefined,
        env: source === 1 ? pairs : {},
        flags: source === 2 ? pairs : {},
      });
      maskedConfig(loaded);
      return 'taken';
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return 'refused';
    }
  },
};

function pairsOf(text: string): Record<string, string> {
  const pairs = text
    .split('\n')
    .map((line) => line.split(/=(.*)/s, 2) as [string, string | undefined]);
  return Object.fromEntries(pairs.map(([name, value]) => [name, value ?? '']));
}
