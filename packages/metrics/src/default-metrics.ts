import { collectDefaultMetrics, type PrometheusContentType, Registry } from '@prometheus-io/client';

/**
 * Counted by kind of object inside Node, which takes the longer the more connections are open, and
 * named against the rules (`_total` for what goes down, too).
 */
const leftOut = ['handles', 'requests', 'resources'].flatMap((what) => [
  `nodejs_active_${what}`,
  `nodejs_active_${what}_total`,
]);

/**
 * How often the event loop is looked at: its delay, and how busy it is. More often would take more of
 * an idle process than all of its other work.
 */
const everyMs = { eventLoopMonitoringPrecision: 50, eventLoopUtilizationTimeout: 1_000 };

let registry: Registry<PrometheusContentType> | undefined;

/**
 * The metrics of Node and of the process: event loop, heap, garbage collection, CPU, memory, files.
 * Once per process, since they are observed by hooks that nothing takes away again.
 */
export function defaultMetrics(): Registry<PrometheusContentType> {
  if (registry) return registry;
  registry = new Registry<PrometheusContentType>();
  collectDefaultMetrics({ register: registry, ...everyMs });
  for (const name of leftOut) registry.removeSingleMetric(name);
  return registry;
}
