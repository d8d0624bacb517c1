import { readFileSync } from 'node:fs';
import { messageOf } from '@spillway/resilience';
import { parse as parseYaml } from 'yaml';
import type { z } from 'zod';
import { ConfigError, type ConfigProblem } from './config-error.ts';
import { type Leaf, leavesOf } from './config-schema.ts';
import { nearestName } from './nearest-name.ts';

/** Where a configuration comes from. */
export interface ConfigSources {
  /** YAML file; must exist when given. */
  file?: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  /** `key` (dotted) to text, as given on the command line. */
  flags: Readonly<Record<string, string | boolean>>;
}

/** A checked configuration, its settings, and where each value came from. */
export interface LoadedConfig<T> {
  config: T;
  leaves: Leaf[];
  /** Where each set key came from; keys not listed have their default. */
  sources: ReadonlyMap<string, string>;
}

/**
 * One configuration from three sources: flags win over the environment, the environment over the
 * file, the file over the defaults. Unknown keys and wrong values throw `ConfigError`, all at once.
 */
export function loadConfig<T extends z.ZodObject>(
  schema: T,
  sources: ConfigSources,
): LoadedConfig<z.output<T>> {
  const leaves = leavesOf(schema);
  const byKey = new Map(leaves.map((leaf) => [leaf.key, leaf]));
  const set = new Map<string, { value: unknown; source: string }>();
  const problems: ConfigProblem[] = [];
  if (sources.file !== undefined) readFile(sources.file, byKey, set, problems);
  readEnv(sources.env, leaves, set, problems);
  for (const [key, text] of Object.entries(sources.flags)) {
    const leaf = byKey.get(key);
    if (leaf) set.set(key, { value: coerce(leaf, text), source: `--${key}` });
    else problems.push(unknownKey(key, text, `--${key}`, leaves));
  }
  const parsed = schema.safeParse(nest(leaves, set));
  if (!parsed.success) {
    for (const issue of parsed.error.issues) problems.push(problemOf(issue, byKey, set));
  }
  if (problems.length || !parsed.success) throw new ConfigError(problems);
  const from = new Map([...set].map(([key, { source }]) => [key, source]));
  return { config: parsed.data, leaves, sources: from };
}

/** The effective values, secrets and passwords inside URLs masked, as dotted keys. */
export function maskedConfig({ config, leaves }: LoadedConfig<unknown>): Record<string, unknown> {
  return Object.fromEntries(leaves.map((leaf) => [leaf.key, mask(leaf, at(config, leaf.path))]));
}

function mask(leaf: Leaf, value: unknown): unknown {
  if (value === undefined || value === '') return value;
  if (leaf.secret) return '********';
  if (Array.isArray(value)) return value.map((each) => mask(leaf, each));
  if (typeof value !== 'string') return value;
  return withoutPassword(value);
}

/** A password may hold any character, also what should have been encoded. */
function withoutPassword(text: string): string {
  return text.replace(/(\/\/[^/:@\s]*:)[^\s,]*@/g, '$1********@');
}

type Values = Map<string, { value: unknown; source: string }>;

function readFile(
  file: string,
  byKey: ReadonlyMap<string, Leaf>,
  set: Values,
  problems: ConfigProblem[],
): void {
  let tree: unknown;
  try {
    tree = parseYaml(readFileSync(file, 'utf8'));
  } catch (error) {
    const got = messageOf(error).split('\n')[0] ?? '';
    problems.push({ key: '--config', wanted: 'a readable YAML file', got, source: file });
    return;
  }
  const walk = (node: unknown, path: string): void => {
    if (byKey.has(path)) {
      set.set(path, { value: node, source: file });
    } else if (isObject(node) && (path === '' || hasPrefix(byKey, path))) {
      for (const [name, child] of Object.entries(node))
        walk(child, path ? `${path}.${name}` : name);
    } else if (!(node === null || node === undefined)) {
      problems.push(unknownKey(path || '(file)', node, file, [...byKey.values()]));
    }
  };
  walk(tree, '');
}

/** Kubernetes injects these for services named `spillway-*`; they are no settings. */
const serviceLink = /_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT|PORT_\d+_(TCP|UDP)(_.*)?)$/;

/** What tests, and the servers that they start, read. */
const otherTools = /^SPILLWAY_(TEST|NATIVE)_/;

function readEnv(
  env: ConfigSources['env'],
  leaves: readonly Leaf[],
  set: Values,
  problems: ConfigProblem[],
): void {
  const byEnv = new Map(leaves.map((leaf) => [leaf.env, leaf]));
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('SPILLWAY_') || text === undefined) continue;
    const leaf = byEnv.get(name);
    if (leaf) set.set(leaf.key, { value: coerce(leaf, text), source: name });
    else if (!serviceLink.test(name) && !otherTools.test(name)) {
      problems.push(unknownKey(name, text, 'the environment', leaves, (known) => known.env));
    }
  }
}

function coerce(leaf: Leaf, text: string | boolean): unknown {
  if (typeof text === 'boolean') return text;
  if (leaf.kind === 'number') return /^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text;
  if (leaf.kind === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  if (leaf.kind === 'list') {
    return text === '' ? [] : text.split(',').map((part) => part.trim());
  }
  if (leaf.kind === 'map') return mapOf(text);
  return text;
}

/** Reads a map as in the file: `{shop: {recordsPerSecondMax: 100}}`. */
function mapOf(text: string): unknown {
  try {
    return parseYaml(text);
  } catch {
    return text;
  }
}

function unknownKey(
  key: string,
  got: unknown,
  source: string,
  leaves: readonly Leaf[],
  nameOf: (leaf: Leaf) => string = (leaf) => leaf.key,
): ConfigProblem {
  const near = nearestName(key, leaves.map(nameOf));
  const hint = near === undefined ? '' : ` (did you mean ${near}?)`;
  return { key, wanted: `a known key${hint}`, got: show(got), source };
}

function problemOf(
  issue: z.core.$ZodIssue,
  byKey: ReadonlyMap<string, Leaf>,
  set: Values,
): ConfigProblem {
  // An issue inside a list or a map points at the item; the value is known of the whole.
  const path = issue.path.map(String);
  const key = path.join('.');
  const owners = path.map((_, i) => byKey.get(path.slice(0, i + 1).join('.')));
  const owner = owners.findLast((leaf) => leaf !== undefined);
  const entry = owner && set.get(owner.key);
  const got = owner?.secret ? '(a secret)' : show(entry?.value);
  const wanted = issue.message
    .replace(/^(Invalid (input|option|string)|Too (big|small)): /, '')
    .replace(/^expected /, '')
    .replace(/, received \w+$/, '');
  return { key, wanted, got, source: entry?.source ?? 'default' };
}

function nest(leaves: readonly Leaf[], set: Values): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const leaf of leaves) {
    let node = root;
    for (const part of leaf.path.slice(0, -1)) {
      node[part] ??= {};
      node = node[part] as Record<string, unknown>;
    }
    const entry = set.get(leaf.key);
    if (entry) node[leaf.path.at(-1) as string] = entry.value;
  }
  return root;
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((node, part) => (isObject(node) ? node[part] : undefined), value);
}

function hasPrefix(byKey: ReadonlyMap<string, Leaf>, path: string): boolean {
  for (const key of byKey.keys()) if (key.startsWith(`${path}.`)) return true;
  return false;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = withoutPassword(typeof value === 'string' ? `"${value}"` : jsonOf(value));
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    // An alias in YAML may stand within what it names.
    return 'a value that contains itself';
  }
}
