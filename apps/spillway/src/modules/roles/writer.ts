import { ledgerTopic } from '@spillway/broker';
import { consumerBudget } from '@spillway/consumer';
import { createWriter, noteGroup, writerSection, writerSink } from '@spillway/writer';
import { Restartable } from '../../process/restartable.ts';
import { defineModule } from '../../registry/module.ts';
import { writeStoreModule } from '../servers/write-store.ts';
import {
  consumerComponents,
  consumerNeeds,
  consumerUses,
  mebibyte,
  otlpTopics,
} from './consumer.ts';

export { writerSection };

export const writerModule = defineModule({
  name: 'writer',
  role: { name: 'writer', worksOnDataFolder: true },
  needs: { ...consumerNeeds, store: writeStoreModule },
  uses: consumerUses,
  consumer: {
    sink: writerSink,
    groups: [
      { group: writerSink.group, topics: otlpTopics },
      { group: noteGroup, topics: [ledgerTopic] },
    ],
    of: (made: Restartable) => made,
  },
  create: ({ config, report }, { broker, store, fleet: dependencies, crashRecord }) =>
    new Restartable(writerSink.group, () =>
      createWriter({ config: config.writer, broker, store, dependencies, crashRecord, report }),
    ),
  components: (consumer, _context, { broker, spill }) =>
    consumerComponents(consumer, { broker, spill }),
  budget: ({ writer }) =>
    consumerBudget(writer, { store: `the ${writerSink.title}`, section: 'writer' }),
  least: {
    'writer.batchBytesMax': mebibyte / 4,
    'writer.decodedBytesMax': (3 / 4) * mebibyte,
  },
});
