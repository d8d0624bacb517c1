import type { LogView } from '../../../../src/schema/log-answers.ts';
import { bandOf, valueText } from '../../lib/format.ts';
import { nanoToMs, timeText } from '../../lib/time-format.ts';
import { ServiceName } from '../../ui/service-name.tsx';
import { traceHref } from '../traces/trace-search.tsx';

interface LogRowProps {
  log: LogView;
  active: boolean;
  selected: boolean;
  onSelect: () => void;
}

export function LogRow({ log, active, selected, onSelect }: LogRowProps) {
  const band = bandOf(log.severityNumber);
  const state = `${active ? 'active' : ''} ${selected ? 'selected' : ''}`;
  return (
    <li class={`log-row ${state}`}>
      <button type="button" class="log-open" onClick={onSelect}>
        <span class="log-time">{timeText(logTimeMs(log), { ms: true })}</span>
        <span class={`severity severity-${band}`}>{severityText(log)}</span>
        <ServiceName service={log.service} />
        <span class="log-body">{bodyText(log)}</span>
      </button>
      {log.traceId && (
        <a
          class="log-trace"
          href={traceHref(log.traceId, log.spanId || undefined)}
          aria-label={`Open the trace of this log record, ${log.traceId.slice(0, 8)}`}
        >
          trace
        </a>
      )}
    </li>
  );
}

export function severityText(log: LogView): string {
  return log.severityText || bandOf(log.severityNumber).toUpperCase();
}

function bodyText(log: LogView): string {
  return valueText(log.body) || log.eventName;
}

/** A record without a time of its own stands at the time when it was observed. */
export function logTimeMs(log: LogView): number {
  return nanoToMs(log.timeUnixNano === '0' ? log.observedTimeUnixNano : log.timeUnixNano);
}
