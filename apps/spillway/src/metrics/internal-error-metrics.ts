import type { Family, InternalErrors } from '@spillway/runtime';

/** Errors that no code foresaw, by what was being done. */
export function internalErrorFamilies(errors: InternalErrors): Family[] {
  return [
    {
      name: 'spillway_internal_errors_total',
      help: 'Errors that no code foresaw, by what was being done; the process went on.',
      type: 'counter',
      read: () => errors.counts().map(({ where, count: value }) => ({ labels: { where }, value })),
    },
  ];
}
