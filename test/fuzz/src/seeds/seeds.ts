/** Requests that are right: what mutation begins with. Small, and with every kind of field. */
import { encodeRequest, jsonToProtobuf, type Signal, signals } from '@spillway/otlp';
import {
  logsExample,
  metricsExample,
  traceExample,
} from '../../../../packages/otlp/test/examples.ts';
import { TestRecords } from '../../../../packages/store/src/contract/test-records.ts';
import { nowMs, richRequests } from './rich-requests.ts';

export const jsonSeeds: Readonly<Record<Signal, readonly Buffer[]>> = {
  traces: [json(traceExample), json(richRequests.traces), Buffer.from('{"resourceSpans":[]}')],
  logs: [json(logsExample), json(richRequests.logs), Buffer.from('{}')],
  metrics: [json(metricsExample), json(richRequests.metrics)],
};

export const protobufSeeds: Readonly<Record<Signal, readonly Uint8Array[]>> = {
  traces: [...jsonSeeds.traces.map((text) => jsonToProtobuf('traces', text)), records('traces')],
  logs: [...jsonSeeds.logs.map((text) => jsonToProtobuf('logs', text)), records('logs')],
  metrics: [
    ...jsonSeeds.metrics.map((text) => jsonToProtobuf('metrics', text)),
    records('metrics'),
  ],
};

/** With the number of its signal in front. */
export function withSignal(of: Readonly<Record<Signal, readonly Uint8Array[]>>): Buffer[] {
  return signals.flatMap((signal, number) => {
    return of[signal].map((body) => Buffer.concat([Buffer.from([number]), body]));
  });
}

function records(signal: Signal): Uint8Array {
  const maker = new TestRecords({ nowMs });
  const of = {
    traces: () => [maker.span(), maker.span()],
    logs: () => [maker.log(), maker.log()],
    metrics: () => [maker.point(), maker.point()],
  };
  return encodeRequest(signal, of[signal]());
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}
