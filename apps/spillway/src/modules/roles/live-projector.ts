import { consumerBudget } from '@spillway/consumer';
import { createLiveProjector, liveSink } from '@spillway/projector';
import { Restartable } from '../../process/restartable.ts';
import { defineModule } from '../../registry/module.ts';
import { liveStoreModule } from '../servers/live-store.ts';
import { consumerComponents, consumerNeeds, consumerUses, otlpTopics } from './consumer.ts';

/** Fills the live store from the log. */
export const liveProjectorModule = defineModule({
  name: 'live-projector',
  role: { name: 'live-projector', worksOnDataFolder: true },
  needs: { ...consumerNeeds, store: liveStoreModule },
  uses: consumerUses,
  consumer: {
    sink: liveSink,
    groups: [{ group: liveSink.group, topics: otlpTopics }],
    of: (made: Restartable) => made,
  },
  create: ({ config, report }, { broker, store, fleet: dependencies, crashRecord }) => {
    const shared = { broker, dependencies, crashRecord, report };
    const { projector } = config;
    return new Restartable(liveSink.group, () =>
      createLiveProjector({ ...shared, config: projector, store }),
    );
  },
  components: (consumer, _context, { broker, spill }) =>
    consumerComponents(consumer, { broker, spill }),
  budget: ({ projector }) =>
    consumerBudget(projector, { store: `the ${liveSink.title}`, section: 'projector' }),
});
