import type { FleetReading, GatewayDocument, ProcessDocument } from '../../src/index.ts';

const MiB = 1_048_576;

/** What the processes of a pipeline tell while its broker is away and one store is slow. */
export function fleetInTrouble(nowMs: number): FleetReading {
  const startedMs = nowMs - 3_720_000;
  const member = (name: string, document: unknown) => ({ name, startedMs, document });
  const reporter = (name: string, agoMs: number, reason: string) => ({
    name,
    sinceMs: nowMs - agoMs,
    reason,
  });
  return {
    view: 'shared',
    reportersMin: 2,
    dependencies: [
      {
        dependency: 'broker',
        own: 'unknown',
        fleet: 'down',
        reporters: [
          reporter('gw-1', 95_000, 'traces: no answer in 2,000 ms'),
          reporter('gw-2', 91_000, 'logs: connect ECONNREFUSED 10.0.3.17:9092'),
        ],
      },
      { dependency: 'write-store', own: 'up', fleet: 'up', reporters: [] },
      {
        dependency: 'search-store',
        own: 'up',
        fleet: 'up',
        reporters: [reporter('search-projector-host-b-41', 12_000, 'too many requests (429)')],
      },
    ],
    processes: [
      member('writer-host-b-40', processOf(['writer'])),
      member('gw-1', processOf(['gateway'], gateway('open', 48_213, nowMs))),
      member('gw-2', processOf(['gateway'], gateway('half-open', 1_204, nowMs))),
      member('gw-3', processOf(['gateway'], gateway('closed', 0, nowMs))),
      member('gw-next', { of: 'another version' }),
    ],
  };
}

const unsynced = {
  name: 'fsync',
  key: 'synchronous_commit',
  wanted: 'on',
  got: 'off',
};

function processOf(roles: string[], own?: GatewayDocument): ProcessDocument {
  const trouble = own?.signals[0]?.breaker === 'open' ? 'broker: no broker answers' : '';
  return {
    roles,
    host: 'host-b',
    pid: 40,
    state: 'running',
    ready: trouble === '',
    trouble,
    dependencies: [],
    unsafe: roles.includes('writer') ? [unsynced] : [],
    ...(own && { gateway: own }),
  };
}

function gateway(
  breaker: 'closed' | 'open' | 'half-open',
  messages: number,
  nowMs: number,
): GatewayDocument {
  return {
    numbers: {
      requests: 1_284_201,
      'records accepted': 128_400_118,
      'requests in flight': 12,
      'bytes in flight': 3 * MiB,
    },
    signals: [
      { name: 'traces', breaker, queueBytes: 0 },
      { name: 'metrics', breaker: 'closed', queueBytes: 18_000 },
      { name: 'logs', breaker, queueBytes: 2 * MiB },
    ],
    partitions: messages ? { direct: 4, [breaker === 'open' ? 'spilling' : 'draining']: 8 } : {},
    spill: {
      messages,
      bytes: messages * 9_000,
      bytesMax: 1_024 * MiB,
      cut: '',
      ...(messages && { oldestMs: nowMs - 94_000 }),
    },
  };
}
