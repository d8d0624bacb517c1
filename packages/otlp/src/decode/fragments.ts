import { Writer } from '../writer.ts';

const viewsMax = 16;
const none: Uint8Array = new Uint8Array();

/**
 * The stretches of a field that is given several times, as one: they merge. Many of them are copied
 * as they come, since a view costs fifty times the two bytes that such a field can be.
 */
export class Fragments {
  #views: Uint8Array[] = [];
  #copied: Writer | undefined;

  get isMerged(): boolean {
    return this.#views.length > 1 || this.#copied !== undefined;
  }

  add(bytes: Uint8Array): void {
    if (this.#copied) this.#copied.raw(bytes);
    else if (this.#views.length < viewsMax) this.#views.push(bytes);
    else {
      this.#copied = new Writer();
      for (const view of this.#views) this.#copied.raw(view);
      this.#copied.raw(bytes);
      this.#views = [];
    }
  }

  clear(): void {
    this.#views = [];
    this.#copied = undefined;
  }

  /** A view of the only one, else a copy of all. */
  bytes(): Uint8Array {
    if (this.#copied) return this.#copied.finish();
    if (this.#views.length > 1) return Buffer.concat(this.#views);
    return this.#views[0] ?? none;
  }
}
