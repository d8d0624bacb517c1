import { metricsContract } from '@spillway/metrics/contract';
import { LagBoard } from './lag-board.ts';
import { lagMetrics, safetyMetrics } from './metrics.ts';

const ofPositions = 'a position on the broker, which measures nothing by itself';

metricsContract('the lag board', {
  families: lagMetrics,
  source: () => {
    const bounds = { committed: 2, start: 0, end: 7 };
    const place = { group: 'writer', topic: 'logs', partition: 0 };
    const lag = { ...place, messages: 5, seconds: 1.5, expired: 3, ...bounds };
    const broker = { lag: async () => [lag], groups: async () => ['writer'] };
    return new LagBoard({ broker, groups: [{ group: 'writer', topics: ['logs'] }] }).read();
  },
  notMetrics: {
    'groups[].partitions[].committed': ofPositions,
    'groups[].partitions[].start': ofPositions,
    'groups[].partitions[].end': ofPositions,
  },
});

metricsContract('safety checks', {
  families: safetyMetrics,
  source: () => [{ name: 'fsync', key: 'store.fsync', wanted: 'on', got: 'off' } as const],
  notMetrics: {
    '[].key': 'names what is to be set right, which the log and /api/status tell',
    '[].wanted': 'told by the log and /api/status',
    '[].got': 'told by the log and /api/status',
  },
});
