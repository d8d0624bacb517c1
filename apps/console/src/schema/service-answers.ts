import { z } from 'zod';
import { fresh, ranged } from './fresh.ts';

const rates = {
  ratePerSecond: z.number().describe('Server, consumer and root spans per second over the range.'),
  errorRatio: z.number().describe('Share of those spans with the status error, 0 to 1.'),
  p50Ms: z.number().describe('Median of their durations, in ms.'),
  p95Ms: z.number().describe('95th percentile of their durations, in ms.'),
  p99Ms: z.number().describe('99th percentile of their durations, in ms.'),
  lastSeenMs: z.number().describe('Time of the latest of them, in ms since the epoch.'),
};

/** The schema of a service with its rates, errors and durations. */
const serviceSummary = z
  .object({
    service: z.string().describe('Name of the service.'),
    ...rates,
    sparkline: z
      .array(z.number())
      .describe('Requests in 30 equal parts of the range, oldest first.'),
  })
  .meta({ id: 'ServiceSummary', description: 'A service, with its rates, errors and durations.' });

/** The schema of an operation with its rates, errors and durations. */
const operationSummary = z
  .object({
    operation: z.string().describe('Name of the spans.'),
    kind: z.number().describe('SpanKind of OTLP, 0 to 5.'),
    ...rates,
  })
  .meta({
    id: 'OperationSummary',
    description: 'An operation of a service, with its rates, errors and durations.',
  });

/** The schema of the calls of one service to another. */
const mapEdge = z
  .object({
    from: z.string().describe('Service that calls.'),
    to: z.string().describe('Service that is called.'),
    calls: z.number().describe('Calls in the range.'),
    errors: z.number().describe('Calls that failed.'),
    p95Ms: z.number().describe('95th percentile of their durations, in ms.'),
  })
  .meta({ id: 'MapEdge', description: 'Calls of one service to another.' });

const source = z
  .enum(['live', 'search'])
  .describe(
    'Store that answered: live roll-ups for ranges inside their window, else the search store.',
  );
const truncated = z
  .boolean()
  .describe('There are others, also those that are only counted together.');

/** The schema of a list of services. */
export const servicesAnswer = z.object({
  ...ranged,
  source,
  services: z.array(serviceSummary).describe('Services, busiest first.'),
  truncated,
  ...fresh,
});

/** The schema of the operations of a service. */
export const operationsAnswer = z.object({
  ...ranged,
  source,
  operations: z.array(operationSummary).describe('Operations, busiest first.'),
  truncated,
  ...fresh,
});

/** The schema of the service map. */
export const mapAnswer = z.object({
  ...ranged,
  edges: z.array(mapEdge).describe('Pairs of services, busiest first.'),
  truncated,
  ...fresh,
});

/** A service, with its rates, errors and durations. */
export type ServiceSummary = z.output<typeof serviceSummary>;
/** An operation of a service, with its rates, errors and durations. */
export type OperationSummary = z.output<typeof operationSummary>;
/** Calls of one service to another. */
export type MapEdge = z.output<typeof mapEdge>;
/** The store that answers: live roll-ups inside their window, else the search store. */
export type Source = z.output<typeof source>;
/** A list of services. */
export type ServicesAnswer = z.output<typeof servicesAnswer>;
/** The operations of a service. */
export type OperationsAnswer = z.output<typeof operationsAnswer>;
/** The service map: which service calls which. */
export type MapAnswer = z.output<typeof mapAnswer>;
