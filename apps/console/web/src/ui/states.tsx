import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Answer } from '../lib/use-query.ts';

interface ViewOfProps<T> {
  answer: Pick<Answer<T>, 'data' | 'error' | 'loading' | 'retry'>;
  /** What was asked for, for the error: 'The traces'. */
  what: string;
  children: (data: T) => ComponentChildren;
}

/** The states of an answer. Old data stays, dimmed, while new data is on its way. */
export function ViewOf<T>({ answer, what, children }: ViewOfProps<T>) {
  const { data, error, loading, retry } = answer;
  return (
    <>
      {error && (
        <div class="notice notice-error" role="alert">
          <span class="notice-sign" aria-hidden="true">
            !
          </span>
          <span>
            {what} could not be read: {error.message}
          </span>
          <button type="button" class="button" onClick={retry}>
            Try again
          </button>
        </div>
      )}
      {data === undefined && loading && <Loading />}
      {data !== undefined && (
        <div class={loading ? 'stale' : 'fresh'} aria-busy={loading}>
          {children(data)}
        </div>
      )}
    </>
  );
}

function Loading() {
  return (
    <div class="loading" role="status">
      <span class="visually-hidden">Loading</span>
      {[92, 78, 85, 64, 71, 58].map((width) => (
        <span class="bone" style={{ width: `${width}%` }} key={width} />
      ))}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

/** What to do when nothing has arrived yet: one line that sends a span, a log and nothing else. */
export function SendFirst({ signal }: { signal: 'traces' | 'logs' | 'metrics' }) {
  const [nowMs] = useState(Date.now);
  return (
    <>
      <p>Point an OpenTelemetry SDK at this address, or send a first one by hand:</p>
      <Copyable text={curlLine(signal, nowMs)} />
    </>
  );
}

function Copyable({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = (): void => {
    navigator.clipboard?.writeText(text).then(
      () => setCopied(true),
      () => undefined,
    );
  };
  return (
    <div class="copyable">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must reach it */}
      <pre tabIndex={0}>{text}</pre>
      <button type="button" class="button" onClick={copy}>
        {copied ? 'Copied' : 'Copy'}
      </button>
    </div>
  );
}

function curlLine(signal: 'traces' | 'logs' | 'metrics', nowMs: number): string {
  const host = window.location.hostname;
  const nano = (ms: number) => `${Math.round(ms)}000000`;
  const resource = {
    attributes: [{ key: 'service.name', value: { stringValue: 'hello' } }],
  };
  const span = {
    traceId: hex(16),
    spanId: hex(8),
    name: 'first span',
    kind: 2,
    startTimeUnixNano: nano(nowMs - 120),
    endTimeUnixNano: nano(nowMs),
  };
  const log = { timeUnixNano: nano(nowMs), severityNumber: 9, body: { stringValue: 'hello' } };
  const point = { timeUnixNano: nano(nowMs), asInt: '1' };
  const bodies = {
    traces: { resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] },
    logs: { resourceLogs: [{ resource, scopeLogs: [{ logRecords: [log] }] }] },
    metrics: {
      resourceMetrics: [
        {
          resource,
          scopeMetrics: [{ metrics: [{ name: 'hello', gauge: { dataPoints: [point] } }] }],
        },
      ],
    },
  };
  const url = `http://${host}:4318/v1/${signal}`;
  return `curl -sS ${url} -H 'content-type: application/json' -d '${JSON.stringify(bodies[signal])}'`;
}

function hex(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
