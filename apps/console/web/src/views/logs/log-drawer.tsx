import type { LogView } from '../../../../src/schema/log-answers.ts';
import { bandOf, valueText } from '../../lib/format.ts';
import { hereWith } from '../../lib/location.ts';
import { timeText } from '../../lib/time-format.ts';
import { Attributes } from '../../ui/attributes.tsx';
import { Drawer } from '../../ui/drawer.tsx';
import { ServiceName } from '../../ui/service-name.tsx';
import { traceHref } from '../traces/trace-search.tsx';
import { logTimeMs, severityText } from './log-row.tsx';

interface LogDrawerProps {
  log: LogView;
  onClose: () => void;
}

export function LogDrawer({ log, onClose }: LogDrawerProps) {
  const band = bandOf(log.severityNumber);
  const onlyThis = (key: string, value: string): string => hereWith({ [`attr.${key}`]: value });
  return (
    <Drawer
      title={timeText(logTimeMs(log), { date: true, ms: true })}
      label="Log record"
      onClose={onClose}
    >
      <p class="facts">
        <a href={hereWith({ service: log.service })} title="Only of this service">
          <ServiceName service={log.service} />
        </a>
        <a class={`severity severity-${band}`} href={hereWith({ severity: band })}>
          {severityText(log)}
        </a>
        {log.eventName && <span class="tag">{log.eventName}</span>}
      </p>
      <pre class="log-full">{valueText(log.body)}</pre>
      {log.traceId && (
        <p class="actions">
          <a class="button" href={traceHref(log.traceId, log.spanId || undefined)}>
            Open its trace
          </a>
          <a class="button" href={hereWith({ traceId: log.traceId, spanId: undefined })}>
            Logs of this trace
          </a>
        </p>
      )}
      <Attributes
        title="Attributes"
        attributes={log.attributes}
        dropped={log.droppedAttributesCount}
        filterHref={onlyThis}
      />
      <Attributes
        title="Resource"
        attributes={log.resource.attributes}
        dropped={log.resource.droppedAttributesCount}
        filterHref={onlyThis}
      />
    </Drawer>
  );
}
