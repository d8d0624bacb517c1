import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** Of these we use inner parts, which any release may change: the contract suites come first. */
const pinned = [
  '@duckdb/node-api',
  '@electric-sql/pglite',
  '@electric-sql/pglite-prepopulatedfs',
  '@platformatic/kafka',
  'amqplib',
  'kafkajs',
];

interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

const root = join(import.meta.dirname, '..', '..');
const read = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8'));
const manifests = globSync('{packages,apps,test,infra}/*/package.json', { cwd: root });
const locked = (read('package-lock.json') as { packages: Record<string, { version: string }> })
  .packages;

test.each(pinned)('%s is pinned to the version of the lock wherever it is used', (name) => {
  const wanted = manifests.flatMap((path) => {
    const { dependencies, devDependencies } = read(path) as Manifest;
    return dependencies?.[name] ?? devDependencies?.[name] ?? [];
  });
  expect(new Set(wanted)).toEqual(new Set([locked[`node_modules/${name}`]?.version]));
});
