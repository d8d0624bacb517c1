import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '@spillway/runtime';
import { planMemory, registry, type SpillwayConfig, spillwaySchema } from 'spillway';
import { pathOf } from './repository.ts';

type Env = Readonly<Record<string, string>>;

/** A file of the repository. Throws `ConfigError` for each key or value that Spillway refuses. */
export function configOf(file: string, env: Env = {}): SpillwayConfig {
  return loadConfig(spillwaySchema, { file: pathOf(file), env, flags: {} }).config;
}

interface Container {
  env: Env;
  role: string;
  bytes: number;
}

/** How a role with that file fits into the memory of its container. Throws when it does not. */
export function planOf(file: string, { env, role, bytes }: Container) {
  const loaded = loadConfig(spillwaySchema, { file: pathOf(file), env, flags: {} });
  const given = { bytes, source: 'its container' };
  const flags = { heapBytes: undefined, semiSpaceMebibytes: undefined };
  return planMemory({ loaded, registry, roles: [role], given, flags });
}

/** The configuration of a text. */
export function configOfText(text: string): SpillwayConfig {
  const dir = mkdtempSync(join(tmpdir(), 'spillway-config-'));
  try {
    const file = join(dir, 'spillway.yaml');
    writeFileSync(file, text);
    return loadConfig(spillwaySchema, { file, env: {}, flags: {} }).config;
  } finally {
    rmSync(dir, { recursive: true });
  }
}
