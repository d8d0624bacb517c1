import type { SearchStore } from '@spillway/store';
import { Swappable } from './swappable.ts';

/**
 * Makes a search store that is not started. Where it is embedded, `folderName` counts, and
 * `beside`: the one in use, with which one that is filled shares its memory.
 */
export type CreateSearchStore = (folderName: string, beside?: SearchStore) => Promise<SearchStore>;

/** The search store in use, and how another one is made in its place. */
export class SearchSlot {
  /** Folder of the store in use, in the data folder. */
  static readonly folderName = 'search';
  readonly #swappable: Swappable<SearchStore>;
  readonly createStore: CreateSearchStore;

  private constructor(createStore: CreateSearchStore, first: SearchStore) {
    this.createStore = createStore;
    this.#swappable = new Swappable(first);
  }

  static async create(createStore: CreateSearchStore): Promise<SearchSlot> {
    return new SearchSlot(createStore, await createStore(SearchSlot.folderName));
  }

  /** Whichever is in use, at each call. */
  get store(): SearchStore {
    return this.#swappable.store;
  }

  get current(): SearchStore {
    return this.#swappable.current;
  }

  swap(run: (old: SearchStore) => Promise<SearchStore>): Promise<void> {
    return this.#swappable.swap(run);
  }
}
