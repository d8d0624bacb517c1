import type { Broker } from '@spillway/broker';
import { Consumer, type ConsumerEvent, type CrashRecord } from '@spillway/consumer';
import type { SinkSpec } from '@spillway/ledger';
import type { Dependencies } from '@spillway/resilience';
import { type Component, PeriodicTask } from '@spillway/runtime';
import type { LiveStore, SearchWriter } from '@spillway/store';
import type { ProjectorConfig } from './config.ts';

/** The search store, filled from the OTLP topics. */
export const searchSink = {
  name: 'search',
  group: 'search',
  title: 'search store',
  side: 'read',
  storedAs: 'searchable',
} as const satisfies SinkSpec;

/** The live roll-ups, filled from the OTLP topics; they keep no account of records. */
export const liveSink = {
  name: 'live',
  group: 'live',
  title: 'live store',
  side: 'read',
} as const satisfies SinkSpec;

const hourMs = 3_600_000;

interface ProjectorOptions {
  config: ProjectorConfig;
  broker: Broker;
  dependencies?: Dependencies;
  crashRecord?: CrashRecord;
  report?: (event: ConsumerEvent) => void;
}

/** A consumer that fills a read store. */
export interface Projector {
  consumer: Consumer;
  /** In the order to start; the store itself is not among them. */
  components: Component[];
}

/**
 * Projects the OTLP topics into the search store.
 * @param options.accountHours how long the write store remembers, so that an audit finds both sides
 */
export function createSearchProjector(
  options: ProjectorOptions & { store: SearchWriter; accountHours: number },
): Projector {
  const { store, config, accountHours } = options;
  const consumer = new Consumer({
    ...common(options),
    group: searchSink.group,
    sink: store,
    dependency: 'search-store',
  });
  const retention = new PeriodicTask({
    name: 'search store retention',
    everyMs: hourMs,
    run: () => {
      const nowMs = Date.now();
      const olderThanMs = nowMs - config.searchRetentionHours * hourMs;
      return store.retain(olderThanMs, nowMs - accountHours * hourMs);
    },
  });
  return { consumer, components: [consumer, retention] };
}

/** Projects the OTLP topics into the live roll-ups, from as far back as these reach. */
export function createLiveProjector(options: ProjectorOptions & { store: LiveStore }): Projector {
  const { store } = options;
  const replayFromMs = () => Date.now() - store.windowMs;
  const consumer = new Consumer({
    ...common(options),
    group: liveSink.group,
    sink: store,
    dependency: 'live-store',
    replayFromMs,
  });
  return { consumer, components: [consumer] };
}

function common({ broker, config, report, dependencies, crashRecord }: ProjectorOptions) {
  const { searchRetentionHours: _, ...limits } = config;
  const reporting = { ...(report && { report }), ...(dependencies && { dependencies }) };
  return { broker, limits, ...reporting, crashRecord };
}
