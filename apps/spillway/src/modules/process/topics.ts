import { step } from '../../process/components.ts';
import { defineModule } from '../../registry/module.ts';
import { brokerModule } from '../servers/broker.ts';
import { safetyModule } from './safety.ts';

/**
 * Makes sure in every process that every topic is there, with the queue of every group where the
 * broker keeps queues.
 */
export const topicsModule = defineModule({
  name: 'topics',
  needs: { broker: brokerModule, safety: safetyModule },
  joins: () => true,
  create: ({ config, registry }) => registry.topics(config.broker.partitions),
  components: (topics, _context, { broker }) => [step('topics', () => broker.ensureTopics(topics))],
  mayStartLater: true,
});
