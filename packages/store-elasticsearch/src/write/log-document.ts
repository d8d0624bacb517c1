import type { LogRecord } from '@spillway/otlp';
import { textOf } from '@spillway/store/search';
import { micros, nanosLeft } from './nanoseconds.ts';
import { cutText } from './shared-parts.ts';
import type { SignalFields } from './signal-fields.ts';

export function logFields(log: LogRecord): SignalFields {
  return {
    index: () => ({
      trace_id: log.traceId === '' ? undefined : log.traceId,
      span_id: log.spanId === '' ? undefined : log.spanId,
      severity_number: log.severityNumber,
      time_us: micros(log.timeUnixNano),
      time_ns: nanosLeft(log.timeUnixNano),
      words: textOf(log.body, log.attributes),
    }),
    exact: exactLog(log),
  };
}

/** The `LogView` without resource and scope. */
function exactLog(log: LogRecord) {
  const { signal: _, index, resource, scope, timeUnixNano, observedTimeUnixNano, ...rest } = log;
  return {
    ...rest,
    service: cutText(resource.service),
    timeUnixNano: String(timeUnixNano),
    observedTimeUnixNano: String(observedTimeUnixNano),
  };
}
