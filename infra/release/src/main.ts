/** `npm run release -- VERSION [--dry-run]` */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { release } from './release.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'dry-run': { type: 'boolean', default: false } },
});
const [version = ''] = positionals;
try {
  release({
    root: fileURLToPath(new URL('../../../', import.meta.url)),
    version,
    isDryRun: values['dry-run'],
    date: new Date().toISOString().slice(0, 10),
    say: (line) => console.log(line),
  });
} catch (error) {
  console.error(`release: ${(error as Error).message}`);
  process.exitCode = 1;
}
