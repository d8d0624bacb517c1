export type ProduceEvent =
  /** A leader is out of reach; what was on its way is tried again until it is reached. */
  | { type: 'leader-lost'; node: number; message: string }
  /** No broker could be asked who leads; it is tried again. */
  | { type: 'leaders-unknown'; message: string }
  /** Messages were given up without knowing whether they are on the broker. */
  | { type: 'unresolved'; topic: string; partition: number; messages: number; message: string }
  /** The former identity is lost: what it left on its way may land behind newer messages. */
  | { type: 'identity-new'; reason: string }
  /** Nothing is sent before it can be saved; it is tried again. */
  | { type: 'identity-unsaved'; message: string };
