/**
 * Keeps who a publisher is to the broker from one start of it to the next, so that what its life
 * before left on its way never lands behind what this one publishes. One running publisher each.
 */
export interface Identities {
  /** What was saved last; undefined when nothing ever was. */
  load(): Promise<Uint8Array | undefined>;
  /** Durable when resolved; after a failure either the former bytes or these are loaded. */
  save(bytes: Uint8Array): Promise<void>;
}
