import { bytesForBody } from '@spillway/gateway';
import type { Least, LoadedConfig } from '@spillway/runtime';
import type { SpillwayConfig } from '../config.ts';

const unitBytes = 64 * 1_024;

type Section = Record<string, unknown>;

/**
 * Shrinks the configuration to a share of what lies between the least and the default of each key
 * that was left at its default; 1 changes nothing.
 */
export function shrink(
  { config, leaves, sources }: LoadedConfig<SpillwayConfig>,
  { share, least }: { share: number; least: Least },
): SpillwayConfig {
  if (share === 1) return config;
  const smaller = structuredClone(config);
  for (const { key, path } of leaves) {
    const to = least[key];
    if (to === undefined || sources.has(key)) continue;
    const parent = path
      .slice(0, -1)
      .reduce<Section>((node, name) => node[name] as Section, smaller);
    const name = path.at(-1) as string;
    parent[name] = inUnits(to + Math.max(0, (parent[name] as number) - to) * share);
  }
  // A body that is allowed by itself must fit into what it shares with others.
  for (const [name, bytes] of Object.entries(bytesForBody(smaller.gateway))) {
    const limit = name as keyof ReturnType<typeof bytesForBody>;
    if (sources.has(`gateway.${name}`)) continue;
    smaller.gateway[limit] = Math.max(smaller.gateway[limit], bytes);
  }
  return smaller;
}

/** Bytes in round numbers; counts, which are smaller, whole. */
function inUnits(value: number): number {
  const unit = value >= 8 * unitBytes ? unitBytes : 1;
  return Math.floor(value / unit) * unit;
}
