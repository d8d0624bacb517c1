/**
 * One store behind which another can be put while it is in use. Calls that come during the switch
 * wait for it, but for `health` and `stats`, which answer at once.
 */
export class Swappable<T extends object> {
  #current: T;
  #switching: Promise<void> | undefined;
  /** Has every method of the store, and of objects in it; each is asynchronous, but for `health` and `stats`. */
  readonly store: T;

  constructor(current: T) {
    this.#current = current;
    this.store = new Proxy(current, {
      get: (_target, name) => this.#member(name as keyof T),
    });
  }

  get current(): T {
    return this.#current;
  }

  /** Puts in place what `run` gives back; the old store stays if it throws. */
  async swap(run: (old: T) => Promise<T>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#switching = promise;
    try {
      this.#current = await run(this.#current);
    } finally {
      this.#switching = undefined;
      resolve();
    }
  }

  #member(name: keyof T): unknown {
    const member = this.#current[name];
    if (isObject(member)) {
      return new Proxy(member, {
        get: (_target, key) => this.#through(() => this.#current[name] as object, key),
      });
    }
    return name === 'health'
      ? (member as () => unknown).bind(this.#current)
      : this.#through(() => this.#current, name);
  }

  /** A member of what `owner` gives at the time of the call. */
  #through(owner: () => object, name: PropertyKey): unknown {
    const read = () => Reflect.get(owner(), name) as unknown;
    const member = read();
    if (typeof member !== 'function') return member;
    if (name === 'health' || name === 'stats') return member.bind(this.#current);
    return (...args: unknown[]) => {
      const call = () => (read() as (...of: unknown[]) => unknown).apply(owner(), args);
      return this.#switching ? this.#switching.then(call) : call();
    };
  }
}

/** What the store can do, for instance. */
function isObject(member: unknown): member is object {
  return typeof member === 'object' && member !== null;
}
