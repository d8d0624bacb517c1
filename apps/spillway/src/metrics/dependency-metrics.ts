import type { Dependencies, DependencyState } from '@spillway/resilience';
import type { Family, Sample } from '@spillway/runtime';

/** What this process and the fleet think of the servers. What is unknown is absent, not 0. */
export function dependencyFamilies(dependencies: Dependencies): Family[] {
  const views = ['own', 'fleet'] as const;
  return [
    {
      name: 'spillway_dependency_up',
      help: '1 when this process (own) or the fleet takes it for well, 0 when down.',
      type: 'gauge',
      read: () =>
        dependencies
          .states()
          .flatMap((state) => views.flatMap((view) => upSample(state, view) ?? [])),
    },
    {
      name: 'spillway_dependency_reporters',
      help: 'Processes that hold it down, as far as this one knows.',
      type: 'gauge',
      read: () =>
        dependencies.states().map(({ dependency, reporters }) => ({
          labels: { dependency },
          value: reporters.length,
        })),
    },
  ];
}

function upSample(state: DependencyState, view: 'own' | 'fleet'): Sample | undefined {
  const { dependency, [view]: judgement } = state;
  if (judgement === 'unknown') return undefined;
  return { labels: { dependency, view }, value: judgement === 'up' ? 1 : 0 };
}
