import type { Consumer, CrashRecord } from '@spillway/consumer';
import {
  createLiveProjector,
  createSearchProjector,
  liveGroup,
  searchGroup,
} from '@spillway/projector';
import { createWriter, writerGroup } from '@spillway/writer';
import type { Parts, Pipeline } from './parts.ts';
import type { Report } from './process/event-log.ts';
import { Restartable } from './process/restartable.ts';
import type { Role } from './roles.ts';

/** The consumers that this process runs, each with its own group, each restartable alone. */
export class Consumers implements Pipeline {
  readonly #byGroup: ReadonlyMap<string, Restartable>;

  constructor(
    parts: Omit<Parts, 'pipeline'>,
    roles: readonly Role[],
    report: Report,
    crashRecord: CrashRecord,
  ) {
    const { config, broker, writeStore, search, live, dependencies } = parts;
    const shared = { report, dependencies, crashRecord };
    const projector = { ...shared, config: config.projector, broker };
    const accountHours = config.writer.retentionHours;
    const byRole: Partial<Record<Role, Restartable>> = {
      writer: new Restartable(writerGroup, () =>
        createWriter({ config: config.writer, broker, store: writeStore, ...shared }),
      ),
      'search-projector': new Restartable(searchGroup, () =>
        createSearchProjector({ ...projector, store: search.store, accountHours }),
      ),
      'live-projector': new Restartable(liveGroup, () =>
        createLiveProjector({ ...projector, store: live }),
      ),
    };
    const consumers = roles.flatMap((role) => byRole[role] ?? []);
    this.#byGroup = new Map(consumers.map((consumer) => [consumer.name, consumer]));
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
