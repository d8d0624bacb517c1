/** Stats that note which of their values are read. Paths look like `signals[].queueBytes`. */
export class WatchedStats<Stats extends object> {
  readonly stats: Stats;
  readonly #whole: Stats;
  readonly #read = new Set<string>();

  constructor(whole: Stats) {
    this.#whole = whole;
    this.stats = this.#watch(whole, '');
  }

  /** Paths of the values that were never read. */
  unread(): string[] {
    return [...new Set(leavesOf(this.#whole, ''))].filter((path) => !this.#read.has(path));
  }

  #watch<T extends object>(whole: T, path: string): T {
    return new Proxy(whole, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key);
        if (typeof key === 'symbol' || typeof value === 'function') return value;
        const name = pathOf(target, path, key);
        if (typeof value === 'object' && value !== null) return this.#watch(value, name);
        this.#read.add(name);
        return value;
      },
    });
  }
}

/** Finds the paths of empty lists, which would hide the values that an entry of theirs has. */
export function emptyListsIn(stats: object, path = ''): string[] {
  if (Array.isArray(stats) && stats.length === 0) return [path];
  return Object.entries(stats).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null
      ? emptyListsIn(value, pathOf(stats, path, key))
      : [],
  );
}

function leavesOf(stats: object, path: string): string[] {
  return Object.entries(stats).flatMap(([key, value]) => {
    const name = pathOf(stats, path, key);
    return typeof value === 'object' && value !== null ? leavesOf(value, name) : [name];
  });
}

function pathOf(parent: object, path: string, key: string): string {
  if (Array.isArray(parent)) return `${path}[]`;
  return path ? `${path}.${key}` : key;
}
