/** What a client's story really put on the wire, so that a test cannot pass by sending little. */
import type { AnyValue, KeyValue } from '@spillway/otlp';
import type { Expected } from './expected.ts';

export interface Coverage {
  /** Kinds of attribute values, nested ones too: `stringValue`, … and `empty`. */
  values: string[];
  /** Kinds of log bodies; `none` for a record without one. */
  bodies: string[];
  /** Of metrics; `sum` is told apart by whether it only grows. */
  metrics: string[];
  exemplars: boolean;
  events: boolean;
  links: boolean;
  statuses: number[];
  kinds: number[];
}

export function coverageOf({ spans, logs, points }: Expected): Coverage {
  const attributes = [...spans, ...logs, ...points].flatMap((record) => record.attributes);
  return {
    values: unique(attributes.flatMap(({ value }) => kindsIn(value))),
    bodies: unique(logs.map(({ body }) => (body ? kindOf(body) : 'none'))),
    metrics: unique(
      points.map(({ metric }) => `${metric.monotonic ? 'monotonic ' : ''}${metric.type}`),
    ),
    exemplars: points.some(({ exemplars }) => exemplars.length > 0),
    events: spans.some(({ events }) => events.length > 0),
    links: spans.some(({ links }) => links.length > 0),
    statuses: unique(spans.map(({ statusCode }) => statusCode)),
    kinds: unique(spans.map(({ kind }) => kind)),
  };
}

function kindOf(value: AnyValue): string {
  return Object.keys(value)[0] ?? 'empty';
}

function kindsIn(value: AnyValue): string[] {
  const pairs: KeyValue[] = value.kvlistValue?.values ?? [];
  const inner = [...(value.arrayValue?.values ?? []), ...pairs.map((pair) => pair.value)];
  return [kindOf(value), ...inner.flatMap(kindsIn)];
}

function unique<T>(items: readonly T[]): T[] {
  return [...new Set(items)].sort();
}
