import { loadConfig } from '@spillway/runtime';
import { type SpillwayConfig, spillwaySchema } from 'spillway';
import { pathOf } from './repository.ts';

/** Throws `ConfigError` for every key or value that Spillway would refuse. */
export function configOf(
  file: string,
  env: Readonly<Record<string, string>> = {},
): { config: SpillwayConfig; keys: string[] } {
  const { config, sources } = loadConfig(spillwaySchema, { file: pathOf(file), env, flags: {} });
  return { config, keys: [...sources.keys()] };
}
