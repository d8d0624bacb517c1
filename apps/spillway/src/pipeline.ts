import type { Consumer } from '@spillway/consumer';
import {
  createLiveProjector,
  createSearchProjector,
  liveGroup,
  searchGroup,
} from '@spillway/projector';
import type { LiveStore } from '@spillway/store';
import { createWriter, writerGroup } from '@spillway/writer';
import type { Report } from './event-log.ts';
import type { Parts, Pipeline } from './parts.ts';
import { Restartable } from './restartable.ts';

/** The three consumers, each with its own group, each restartable alone. */
export class Consumers implements Pipeline {
  readonly live: LiveStore;
  readonly #byGroup: ReadonlyMap<string, Restartable>;

  constructor(parts: Omit<Parts, 'pipeline'>, live: LiveStore, report: Report) {
    const { config, broker, writeStore, search } = parts;
    this.live = live;
    const projector = { config: config.projector, broker, report };
    this.#byGroup = new Map(
      [
        new Restartable(writerGroup, () =>
          createWriter({ config: config.writer, broker, store: writeStore, report }),
        ),
        new Restartable(searchGroup, () =>
          createSearchProjector({
            ...projector,
            store: search.store,
            accountHours: config.writer.retentionHours,
          }),
        ),
        new Restartable(liveGroup, () => createLiveProjector({ ...projector, store: live })),
      ].map((consumer) => [consumer.name, consumer]),
    );
  }

  get components(): Restartable[] {
    return [...this.#byGroup.values()];
  }

  get groups(): string[] {
    return [...this.#byGroup.keys()];
  }

  consumer(group: string): Consumer | undefined {
    return this.#byGroup.get(group)?.consumer;
  }

  async without(group: string, run: () => Promise<void>): Promise<void> {
    const consumer = this.#byGroup.get(group);
    await consumer?.stop();
    try {
      await run();
    } finally {
      await consumer?.start();
    }
  }
}
