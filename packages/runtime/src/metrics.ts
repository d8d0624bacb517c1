import { metricsOf } from '@spillway/metrics';
import type { ComponentHealth } from './component.ts';
import type { InternalErrors } from './internal-errors.ts';

const health = metricsOf<readonly ComponentHealth[]>();
const errors = metricsOf<ReturnType<InternalErrors['counts']>>();

/** Whether the parts of this process are well. */
export const healthMetrics = [
  health.flag({
    name: 'spillway_component_up',
    help: '1 while a part of this process is well. What is wrong with it is in /ready.',
    labels: ['component'],
    read: (components) =>
      components.map(({ name, ok }) => ({ labels: { component: name }, value: ok })),
  }),
];

/** Errors that no code foresaw. */
export const internalErrorMetrics = [
  errors.counter({
    name: 'spillway_internal_errors_total',
    help: 'Errors that no code foresaw, which are bugs, by what was being done. The process went on, and its log has the stack.',
    labels: ['where'],
    read: (counts) => counts.map(({ where, count }) => ({ labels: { where }, value: count })),
  }),
];
