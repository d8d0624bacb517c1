import { type Address, openConnection } from './connection.ts';
import { Link } from './link.ts';
import type { SenderOptions } from './options.ts';

interface Entry {
  link: Link | undefined;
  failures: number;
  notBeforeMs: number;
}

export interface LinksOptions extends SenderOptions {
  backoffMs: (failures: number) => number;
  addressOf: (node: number) => Address | undefined;
  onReady: (node: number) => void;
  onClosed: (node: number, message: string) => void;
}

/** One connection to each leader, opened when asked for, again after a backoff when it broke. */
export class Links {
  readonly #options: LinksOptions;
  readonly #entries = new Map<number, Entry>();
  #closed = false;

  constructor(options: LinksOptions) {
    this.#options = options;
  }

  /** Undefined: not now; one that is not ready may become so. */
  to(node: number): Link | undefined {
    const known = this.#entries.get(node);
    if (known?.link !== undefined) return known.link;
    const address = this.#options.addressOf(node);
    if (address === undefined || this.#closed) return undefined;
    const entry = known ?? { link: undefined, failures: 0, notBeforeMs: Number.NEGATIVE_INFINITY };
    if (this.#options.nowMs() < entry.notBeforeMs) return undefined;
    this.#entries.set(node, entry);
    entry.link = this.#open(node, entry, address);
    return entry.link;
  }

  close(): void {
    this.#closed = true;
    for (const { link } of this.#entries.values()) link?.close('The producer stops');
  }

  #open(node: number, entry: Entry, address: Address): Link {
    const { reach, requestTimeoutMs, onReady, onClosed, backoffMs, nowMs } = this.#options;
    const link = new Link({
      open: () => openConnection(reach(address), this.#options),
      requestTimeoutMs,
      onReady: () => {
        entry.failures = 0;
        onReady(node);
      },
      onClosed: (message) => {
        entry.link = undefined;
        entry.failures += 1;
        entry.notBeforeMs = nowMs() + backoffMs(entry.failures);
        if (!this.#closed) onClosed(node, message);
      },
    });
    void link.open();
    return link;
  }
}
