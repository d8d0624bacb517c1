import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Whatever reaches one of these starts servers of other projects, or a browser. */
const servers = /^(@spillway\/native|playwright-core)$/;

const imports = /(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g;

const known = new Map<string, boolean>();

/**
 * Whether a test needs a server of another project or a browser: it does when it imports what starts
 * them, itself or through any file of this repository.
 * @param file Path from the root of the repository.
 */
export function needsServers(file: string): boolean {
  return reaches(join(root, file));
}

function reaches(file: string): boolean {
  const before = known.get(file);
  if (before !== undefined) return before;
  known.set(file, false);
  const found = [...readFileSync(file, 'utf8').matchAll(imports)].some(([, name = '']) => {
    if (servers.test(name)) return true;
    const target = resolve(name, file);
    return target !== undefined && reaches(target);
  });
  known.set(file, found);
  return found;
}

/** The file of this repository that an import names; undefined for libraries. */
function resolve(name: string, from: string): string | undefined {
  const path = name.startsWith('.') ? join(dirname(from), name) : ownPackage(name);
  return path !== undefined && existsSync(path) && statSync(path).isFile() ? path : undefined;
}

function ownPackage(name: string): string | undefined {
  if (name !== 'spillway' && !name.startsWith('@spillway/')) return undefined;
  const [scope = '', own = '', ...rest] = name.split('/');
  const folder = join(root, 'node_modules', name === 'spillway' ? scope : `${scope}/${own}`);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    exports?: Record<string, string>;
  };
  const entry = manifest.exports?.[['.', ...rest].join('/')];
  return entry === undefined ? undefined : join(folder, entry);
}
