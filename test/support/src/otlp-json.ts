/** OTLP/JSON by hand, so that tests share no code with what they test. */

type Value = string | number | boolean;

export function attributes(values: Readonly<Record<string, Value>>) {
  return Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: Value) {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

export interface SpanSpec {
  traceId: string;
  spanId: string;
  name?: string;
  attributes?: Readonly<Record<string, Value>>;
}

export function nowNano(): string {
  return String(BigInt(Date.now()) * 1_000_000n);
}

export function tracesBody(service: string, spans: readonly SpanSpec[]): string {
  const time = nowNano();
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: attributes({ 'service.name': service }) },
        scopeSpans: [
          {
            scope: { name: 'test' },
            spans: spans.map((span) => ({
              traceId: span.traceId,
              spanId: span.spanId,
              name: span.name ?? 'work',
              kind: 2,
              startTimeUnixNano: time,
              endTimeUnixNano: time,
              attributes: attributes(span.attributes ?? {}),
            })),
          },
        ],
      },
    ],
  });
}

export function logsBody(service: string, bodies: readonly string[]): string {
  const time = nowNano();
  return JSON.stringify({
    resourceLogs: [
      {
        resource: { attributes: attributes({ 'service.name': service }) },
        scopeLogs: [
          {
            scope: { name: 'test' },
            logRecords: bodies.map((body) => ({
              timeUnixNano: time,
              severityNumber: 9,
              body: { stringValue: body },
            })),
          },
        ],
      },
    ],
  });
}

/** 32 hex digits that say which trace it is. */
export function traceIdOf(n: number): string {
  return `ab${n.toString(16).padStart(30, '0')}`;
}

/** 16 hex digits. */
export function spanIdOf(n: number): string {
  return `cd${n.toString(16).padStart(14, '0')}`;
}
