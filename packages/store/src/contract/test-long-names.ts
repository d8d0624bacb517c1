import { randomBytes } from 'node:crypto';
import type { TelemetryRecord } from '@spillway/otlp';
import type { TestRecords } from './test-records.ts';
import { text } from './test-values.ts';

const nameChars = 1_000_000;

/** 1 MB that no compression makes smaller, so that an index over it would break. */
export function longName(): string {
  return randomBytes(nameChars / 2).toString('hex');
}

/** Records with one text of 1 MB each, in every place where a client may put one. */
export function longNamedRecords(records: TestRecords): Record<string, TelemetryRecord> {
  const long = longName();
  const { name: scopeName, ...scope } = records.scope();
  const point = records.point('gauge');
  const metric = (over: Partial<typeof point.metric>) =>
    records.point('gauge', { metric: { ...point.metric, ...over } });
  const [event, link] = [records.span().events, records.span().links];
  return {
    'span name': records.span({ name: long }),
    'attribute key': records.span({ attributes: [text(long, 'x')] }),
    'attribute value': records.span({ attributes: [text('x', long)] }),
    'event name': records.span({ events: event.map((one) => ({ ...one, name: long })) }),
    'link trace state': records.span({ links: link.map((one) => ({ ...one, traceState: long })) }),
    'trace state': records.span({ traceState: long }),
    'status message': records.span({ statusMessage: long }),
    service: records.span({ resource: records.resource(long) }),
    'resource attribute': records.log({ resource: records.resource('a', [text(long, long)]) }),
    'scope name': records.log({ scope: records.scope(long) }),
    'scope version': records.log({
      scope: { ...scope, name: scopeName, hash: 'e'.repeat(32), version: long },
    }),
    'schema URL': records.log({
      resource: { ...records.resource(), hash: 'f'.repeat(32), schemaUrl: long },
    }),
    'log body': records.log({ body: { stringValue: long } }),
    'log event name': records.log({ eventName: long }),
    'log severity text': records.log({ severityText: long }),
    'exception type': records.log({ attributes: [text('exception.type', long)] }),
    'metric name': metric({ name: long }),
    'metric description': metric({ description: long }),
    'metric unit': metric({ unit: long }),
    'metric metadata': metric({ metadata: [text(long, 'x')] }),
    'point attribute': records.point('gauge', { attributes: [text(long, 'x')] }),
  };
}
