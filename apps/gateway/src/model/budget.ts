import type { BudgetLine, Least, Limit } from '@spillway/runtime';
import { spillBudget } from '@spillway/spill/budget';
import type { GatewayConfig } from './config.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
const doors = 2;
const signals = 3;

/** Estimated: a socket with its parser, or a session of HTTP/2 without streams. */
const connectionBytes = 16 * KiB;
/** What a request holds beside its body: the exchange, its slices, its timers. */
const requestBytes = 6 * KiB;

/** Bytes of one entry of the journal that a spill is. */
const spilledBytesMax = 32 * MiB;

/** Bytes that are read from the spill at once, on their way to the broker. */
export function drainBytesMaxOf({ batchBytesMax }: Pick<GatewayConfig, 'batchBytesMax'>): number {
  return 2 * batchBytesMax;
}

/** Lists what a gateway may take of the memory of its process. */
export function gatewayBudget(
  config: GatewayConfig,
  { hasSpill }: { hasSpill: boolean },
): BudgetLine[] {
  const { inFlightBytesMax, queueBytesMax, connectionsMax, signalRequestsMax } = config;
  const { spill, bodyBytesMax } = config;
  const messageBytesMax = Math.min(bodyBytesMax, spilledBytesMax);
  const drainBytesMax = drainBytesMaxOf(config);
  return [
    ...(hasSpill ? spillBudget({ ...spill, drainBytesMax, messageBytesMax }) : []),
    {
      name: 'bodies of requests, as they lie in memory',
      key: 'gateway.inFlightBytesMax',
      bytes: inFlightBytesMax,
      where: 'outside',
      protects: 'the process and other tenants from many or large bodies at once',
      answer: '503 with Retry-After; UNAVAILABLE over gRPC',
    },
    {
      // What waits for the broker belongs to requests in flight: never more than all of those.
      name: 'slices that wait for the broker',
      key: 'gateway.queueBytesMax',
      bytes: Math.min(signals * queueBytesMax, inFlightBytesMax),
      where: 'outside',
      protects: 'one signal from a broker that is slow for another',
      answer: 'the message goes into the spill, else 503 with Retry-After',
    },
    {
      name: 'connections',
      key: 'gateway.connectionsMax',
      bytes: doors * connectionsMax * connectionBytes,
      where: 'outside',
      protects: 'memory and file descriptors from clients that only connect',
      answer: 'the connection that was idle for longest is closed',
    },
    {
      name: 'requests, beside their bodies',
      key: 'gateway.signalRequestsMax',
      bytes: signals * signalRequestsMax * requestBytes,
      where: 'heap',
      protects: 'the heap from many small requests',
      answer: '503 with Retry-After',
    },
  ];
}

/** The lowest values to which limits shrink where memory is scarce. */
export const gatewayLeast: Least = {
  'gateway.bodyBytesMax': 4 * MiB,
  'gateway.jsonBodyBytesMax': 4 * MiB,
  'gateway.inFlightBytesMax': 14 * MiB,
  'gateway.signalBytesMax': 12 * MiB,
  'gateway.tenantSignalBytesMax': 8 * MiB,
  'gateway.queueBytesMax': 5 * MiB,
  'gateway.batchBytesMax': MiB,
  'gateway.spill.indexBytesMax': 2 * MiB,
  'gateway.connectionsMax': 320,
  'gateway.signalRequestsMax': 384,
  'gateway.tenantSignalRequestsMax': 256,
};

/** The limits of the gateway, what each protects, and what is answered. */
export const gatewayLimits: readonly Limit[] = [
  {
    key: 'gateway.bodyBytesMax',
    protects: 'memory from one request, however well it is compressed',
    answer: '413; RESOURCE_EXHAUSTED over gRPC',
  },
  {
    key: 'gateway.jsonBodyBytesMax',
    protects: 'other requests from the time that reading JSON takes',
    answer: '413',
  },
  {
    key: 'gateway.inflateRatioMax',
    protects: 'CPU and memory from bodies that are made to grow',
    answer: '413; RESOURCE_EXHAUSTED over gRPC',
  },
  {
    key: 'gateway.recordsPerRequestMax',
    protects: 'consumers from small bodies of very many records',
    answer: '413; RESOURCE_EXHAUSTED over gRPC',
  },
  {
    key: 'gateway.bodyBytesPerSecondMin',
    protects: 'room for bodies from those that hardly come',
    answer: '503 with Retry-After; UNAVAILABLE over gRPC',
  },
  {
    key: 'gateway.signalBytesMax',
    protects: 'one signal from a flood of another',
    answer: '503 with Retry-After for that signal',
  },
  {
    key: 'gateway.tenantSignalBytesMax',
    protects: 'tenants from one that sends more than its share at once',
    answer: '503 with Retry-After for that tenant',
  },
  {
    key: 'gateway.tenantSignalRequestsMax',
    protects: 'tenants from one that sends more requests than its share at once',
    answer: '503 with Retry-After for that tenant',
  },
  {
    key: 'gateway.recordsPerSecondMax',
    protects: 'tenants from one that sends more than it may (0: no quota)',
    answer: '429 with Retry-After',
  },
  {
    key: 'gateway.bytesPerSecondMax',
    protects: 'tenants from one that sends more than it may (0: no quota)',
    answer: '429 with Retry-After',
  },
  {
    key: 'gateway.headerBytesMax',
    protects: 'memory from connections that never send a request',
    answer: '431',
  },
  {
    key: 'gateway.headersTimeoutMs',
    protects: 'connections from those that send nothing, or very slowly',
    answer: '408, and the connection is closed',
  },
  {
    key: 'gateway.idleTimeoutMs',
    protects: 'connections from those that send no request',
    answer: 'the connection is closed',
  },
  {
    key: 'gateway.connectionAgeMaxMs',
    protects: 'gateways from an uneven load',
    answer: 'the connection is closed after its last answer; GOAWAY over gRPC',
  },
  {
    key: 'gateway.streamsPerConnectionMax',
    protects: 'a door from one connection of many calls',
    answer: 'REFUSED_STREAM',
  },
  {
    key: 'gateway.answerTimeoutMs',
    protects: 'memory from requests that do not end',
    answer: '503 with Retry-After; DEADLINE_EXCEEDED over gRPC',
  },
  {
    key: 'gateway.publishTimeoutMs',
    protects: 'answers from a broker that is slow',
    answer: 'the message goes into the spill, else 503 with Retry-After',
  },
  {
    key: 'gateway.publishesInFlightMax',
    protects: 'the broker from too many publishes at once',
    answer: 'they wait, within gateway.queueBytesMax',
  },
  {
    key: 'gateway.batchBytesMax',
    protects: 'the broker from publishes that are too large',
    answer: 'several publishes',
  },
  {
    key: 'gateway.spill.bytesMax',
    protects: 'the disk while the broker is away',
    answer: '503 with Retry-After',
  },
  {
    key: 'gateway.spill.ageMaxMs',
    protects: 'what is new from waiting behind what is very old',
    answer: '503 with Retry-After',
  },
  {
    key: 'gateway.stopTimeoutMs',
    protects: 'a stop from requests that do not end',
    answer: '503, and the connection is closed',
  },
];
