import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const excluded = ['node_modules', 'dist', 'compose-spec', 'corpus', 'data'];

/** TypeScript that runs in production, also where it is a contract suite that others import. */
export const productionFiles: readonly string[] = filesOf([
  'apps/*/{src,web/src}/**/*.{ts,tsx}',
  'packages/*/src/**/*.ts',
  'infra/*/src/**/*.ts',
]).filter((file) => !isTest(file));

/** Every TypeScript file of the repository. */
export const sourceFiles: readonly string[] = filesOf([
  '{apps,packages,infra,test}/**/*.{ts,tsx}',
  '*.config.ts',
]);

/** Pages and commented configuration that people read. */
export const documents: readonly string[] = filesOf([
  '*.md',
  '{apps,packages,infra,test}/**/*.md',
  'docs/**/*.md',
  '*.yml',
  'infra/**/*.{yml,yaml,cfg,sh}',
]);

/** Whether a path of the repository is a file or a folder. */
export function isThere(path: string): boolean {
  return existsSync(`${root}${path}`);
}

/** Reads a file by its path in the repository. */
export function readText(path: string): string {
  return readFileSync(`${root}${path}`, 'utf8');
}

/** Every workspace that has a package.json, as `apps/console`. */
export const workspaces: readonly string[] = filesOf([
  '{apps,packages,infra,test}/*/package.json',
]).map((path) => path.replace('/package.json', ''));

/** Whether a file is a test by its name. */
function isTest(path: string): boolean {
  return /\.test\.tsx?$/.test(path);
}

function filesOf(patterns: readonly string[]): string[] {
  const exclude = (name: string): boolean => excluded.includes(name.split('/').at(-1) ?? '');
  return globSync([...patterns], { cwd: root, exclude }).sort();
}
