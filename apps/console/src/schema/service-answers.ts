import { z } from 'zod';
import { fresh, ranged } from './fresh.ts';

const rates = {
  ratePerSecond: z.number().describe('Server, consumer and root spans per second over the range.'),
  errorRatio: z.number().describe('0 to 1.'),
  p50Ms: z.number(),
  p95Ms: z.number(),
  p99Ms: z.number(),
  lastSeenMs: z.number().describe('ms since the epoch.'),
};

export const serviceSummary = z
  .object({
    service: z.string(),
    ...rates,
    sparkline: z
      .array(z.number())
      .describe('Requests in 30 equal parts of the range, oldest first.'),
  })
  .meta({ id: 'ServiceSummary' });

export const operationSummary = z
  .object({
    operation: z.string(),
    kind: z.number().describe('SpanKind of OTLP, 0 to 5.'),
    ...rates,
  })
  .meta({ id: 'OperationSummary' });

export const mapEdge = z
  .object({
    from: z.string(),
    to: z.string(),
    calls: z.number(),
    errors: z.number(),
    p95Ms: z.number(),
  })
  .meta({ id: 'MapEdge', description: 'Calls of one service to another.' });

const source = z
  .enum(['live', 'search'])
  .describe('Live roll-ups answer ranges inside their window, the search store all others.');
const truncated = z
  .boolean()
  .describe('There are others, also those that are only counted together.');

export const servicesAnswer = z.object({
  ...ranged,
  source,
  services: z.array(serviceSummary).describe('Busiest first.'),
  truncated,
  ...fresh,
});

export const operationsAnswer = z.object({
  ...ranged,
  source,
  operations: z.array(operationSummary).describe('Busiest first.'),
  truncated,
  ...fresh,
});

export const mapAnswer = z.object({
  ...ranged,
  edges: z.array(mapEdge).describe('Busiest first.'),
  truncated,
  ...fresh,
});

export type ServiceSummary = z.output<typeof serviceSummary>;
export type OperationSummary = z.output<typeof operationSummary>;
export type MapEdge = z.output<typeof mapEdge>;
export type Source = z.output<typeof source>;
export type ServicesAnswer = z.output<typeof servicesAnswer>;
export type OperationsAnswer = z.output<typeof operationsAnswer>;
export type MapAnswer = z.output<typeof mapAnswer>;
