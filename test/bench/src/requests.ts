import { encodeRequest, type SpanRecord } from '@spillway/otlp';
import { TestRecords } from '../../../packages/store/src/contract/test-records.ts';

export const spansPerRequest = 100;
const tracesPerRequest = 25;
const resourcesPerRequest = 3;

/** Spans as an SDK sends them: 100 of 25 traces under 3 resources, about 36 KB in protobuf. */
function spanBatch(seed: number): SpanRecord[] {
  const maker = new TestRecords({ nowMs: Date.now() });
  const resources = Array.from({ length: resourcesPerRequest }, (_, i) =>
    maker.resource(`service-${i}`),
  );
  const scope = maker.scope();
  return Array.from({ length: spansPerRequest }, (_, i) => {
    const trace = Math.floor((i * tracesPerRequest) / spansPerRequest);
    const resource = resources[i % resourcesPerRequest] as (typeof resources)[number];
    const traceId = `${hex(seed, 16)}${hex(trace * 7_919 + 1, 16)}`;
    const spanId = hex(seed * spansPerRequest + i + 1, 16);
    return { ...maker.span({ traceId, spanId }), resource, scope };
  });
}

export function spanRequest(seed: number): Uint8Array {
  return encodeRequest('traces', spanBatch(seed));
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0').slice(-digits);
}
