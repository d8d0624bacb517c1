import { LossyFiles } from '@spillway/journal/lossy-files';
import { metricsContract } from '@spillway/metrics/contract';
import { spillMetrics } from '../src/index.ts';
import { message, open } from './tools.ts';

metricsContract('a spill', {
  families: spillMetrics,
  source: async () => {
    const spill = await open(new LossyFiles());
    await spill.append([message(0, 1)]);
    return spill.stats();
  },
  notMetrics: {
    appended: 'spillway_spill_spilled_messages_total of the gateway says the same',
    done: 'spillway_spill_drained_messages_total of the gateway says the same',
    oldestMs: 'spillway_spill_oldest_age_seconds of the gateway says the age',
  },
});
