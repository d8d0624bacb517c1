import { metricsOf } from '@spillway/metrics';
import type { GatewayStats } from '../model/stats.ts';

const { counter, gauge, histogram } = metricsOf<GatewayStats>();

/** Requests, their records and bytes, and what is in flight. */
export const requestMetrics = [
  counter({
    name: 'spillway_gateway_requests_total',
    help: 'OTLP requests that were answered, by outcome: ok, partial, or the code of the refusal.',
    labels: ['signal', 'protocol', 'code'],
    read: ({ requests }) =>
      requests.map(({ signal, protocol, code, count }) => ({
        labels: { signal, protocol, code },
        value: count,
      })),
  }),
  histogram({
    name: 'spillway_gateway_request_duration_seconds',
    help: 'Time from the start of an OTLP request to its answer.',
    labels: ['signal', 'protocol'],
    read: ({ answerSeconds }) =>
      answerSeconds.map(({ signal, protocol, counts }) => ({
        labels: { signal, protocol },
        value: counts,
      })),
  }),
  counter({
    name: 'spillway_gateway_accepted_records_total',
    help: 'Records that were made durable, on the broker or in the spill, before their request was acknowledged.',
    labels: ['signal', 'tenant'],
    read: ({ recordsAccepted }) =>
      recordsAccepted.map(({ signal, tenant, count }) => ({
        labels: { signal, tenant },
        value: count,
      })),
  }),
  counter({
    name: 'spillway_gateway_refused_records_total',
    help: 'Records that were refused after they had been counted, by reason. Those of bodies that were refused unread are not in it.',
    labels: ['signal', 'tenant', 'reason'],
    read: ({ recordsRefused }) =>
      recordsRefused.map(({ signal, tenant, reason, count }) => ({
        labels: { signal, tenant, reason },
        value: count,
      })),
  }),
  counter({
    name: 'spillway_gateway_received_bytes_total',
    help: 'Size of the request bodies as clients sent them, compressed or not.',
    labels: ['signal'],
    read: ({ bodyBytes }) =>
      bodyBytes.map(({ signal, received }) => ({ labels: { signal }, value: received })),
  }),
  counter({
    name: 'spillway_gateway_scanned_bytes_total',
    help: 'Size of the request bodies as protobuf, after decompression and transcoding from JSON.',
    labels: ['signal'],
    read: ({ bodyBytes }) =>
      bodyBytes.map(({ signal, scanned }) => ({ labels: { signal }, value: scanned })),
  }),
  gauge({
    name: 'spillway_gateway_in_flight_requests',
    help: 'OTLP requests that are being received or wait for their answer.',
    read: ({ inFlight }) => inFlight.requests,
  }),
  gauge({
    name: 'spillway_gateway_in_flight_bytes',
    help: 'Memory that the bodies of OTLP requests take until the broker or the spill has them.',
    read: ({ inFlight }) => inFlight.bytes,
  }),
  gauge({
    name: 'spillway_gateway_connections',
    help: 'Open connections of OTLP clients, by protocol: http or grpc.',
    labels: ['protocol'],
    read: ({ connections }) =>
      Object.entries(connections).map(([protocol, value]) => ({ labels: { protocol }, value })),
  }),
];
