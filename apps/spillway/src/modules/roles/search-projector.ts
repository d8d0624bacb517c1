import { consumerBudget } from '@spillway/consumer';
import { createSearchProjector, projectorSection, searchSink } from '@spillway/projector';
import { Restartable } from '../../process/restartable.ts';
import { defineModule } from '../../registry/module.ts';
import { searchStoreModule } from '../servers/search-store.ts';
import {
  consumerComponents,
  consumerNeeds,
  consumerUses,
  mebibyte,
  otlpTopics,
} from './consumer.ts';

export { projectorSection };

/** Fills the search store from the log. */
export const searchProjectorModule = defineModule({
  name: 'search-projector',
  role: { name: 'search-projector', worksOnDataFolder: true },
  needs: { ...consumerNeeds, search: searchStoreModule },
  uses: consumerUses,
  consumer: {
    sink: searchSink,
    groups: [{ group: searchSink.group, topics: otlpTopics }],
    of: (made: Restartable) => made,
  },
  create: ({ config, report }, { broker, search, fleet: dependencies, crashRecord }) => {
    const shared = { broker, dependencies, crashRecord, report };
    const accountHours = config.writer.retentionHours;
    const { projector } = config;
    return new Restartable(searchSink.group, () =>
      createSearchProjector({ ...shared, config: projector, store: search.store, accountHours }),
    );
  },
  components: (consumer, _context, { broker, spill }) =>
    consumerComponents(consumer, { broker, spill }),
  budget: ({ projector }) =>
    consumerBudget(projector, { store: `the ${searchSink.title}`, section: 'projector' }),
  least: {
    'projector.batchBytesMax': mebibyte / 4,
    'projector.decodedBytesMax': (3 / 4) * mebibyte,
  },
});
