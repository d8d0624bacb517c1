import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export const root = join(import.meta.dirname, '../../..');

export function pathOf(name: string): string {
  return join(root, name);
}

export function textOf(name: string): string {
  return readFileSync(pathOf(name), 'utf8');
}

/** YAML of the repository, aliases and merge keys resolved, as Compose and Prometheus read it. */
export function yamlOf<T>(name: string): T {
  return parse(textOf(name), { merge: true }) as T;
}
