/** What a signal adds: fields to find it by, and the record as it is answered. */
export interface SignalFields {
  index: Record<string, unknown>;
  /** Without resource and scope. JSON text of a non-empty object. */
  exact: string;
}
