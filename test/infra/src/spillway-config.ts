import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '@spillway/runtime';
import { type SpillwayConfig, spillwaySchema } from 'spillway';
import { pathOf } from './repository.ts';

type Env = Readonly<Record<string, string>>;

/** A file of the repository. Throws `ConfigError` for each key or value that Spillway refuses. */
export function configOf(file: string, env: Env = {}): SpillwayConfig {
  return loadConfig(spillwaySchema, { file: pathOf(file), env, flags: {} }).config;
}

/** The same of a text. */
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
