import type { Family } from '@spillway/runtime';
import type { LiveStore } from '@spillway/store';

/** How near the live store is to its limits, and what they cost. */
export function liveFamilies(live: LiveStore): Family[] {
  return [
    {
      name: 'spillway_live_memory_bytes',
      help: 'Kept for live answers; of what Redis keeps, each process that writes tells the whole.',
      type: 'gauge',
      read: () => {
        const { memoryBytes } = live.limited();
        return memoryBytes === undefined ? [] : [{ value: memoryBytes }];
      },
    },
    {
      name: 'spillway_live_limited_total',
      help: 'How often a limit of the live store was met, by limit.',
      type: 'counter',
      read: () => {
        const { memoryBytes: _, ...counts } = live.limited();
        return Object.entries(counts).map(([limit, value]) => ({ labels: { limit }, value }));
      },
    },
  ];
}
