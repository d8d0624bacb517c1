import { ConfigError } from '@spillway/runtime';
import type { SpillwayConfig } from '../config.ts';
import type { Target } from './target.ts';

/** Where a module keeps its data, as the configuration chooses. */
export interface Placement {
  /** The setting that chooses. */
  key: string;
  /** In the data folder of one process. */
  isEmbedded: boolean;
  /** What roles can share instead: `kafka or rabbitmq`. */
  servers: string;
  /** The broker's name, where it keeps no log from which an embedded store could be filled. */
  withoutLog?: string | undefined;
}

/**
 * Embedded parts belong to one process; roles that run apart share servers. Embedded stores fill
 * themselves again from the log, which not every broker keeps.
 * @throws ConfigError which names every part that would have to be on a server
 */
export function checkPlacements(config: SpillwayConfig, target: Target): void {
  const placements = target.placements(config);
  const withoutLog = placements.find((placement) => placement.withoutLog)?.withoutLog;
  const reason = !target.ownsFolder
    ? `${target.roles.join(' and ')} runs apart from the rest`
    : withoutLog &&
      `an embedded store is filled again from a log, which ${withoutLog} does not keep`;
  if (!reason) return;
  const problems = placements
    .filter(({ isEmbedded }) => isEmbedded)
    .map(({ key, servers }) => ({
      key,
      wanted: `${servers}, since ${reason}`,
      got: '"embedded"',
      source: 'the configuration',
    }));
  if (problems.length) throw new ConfigError(problems);
}
