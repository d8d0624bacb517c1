/** What a signal adds: fields to find it by, and the record as it is answered. */
export interface SignalFields {
  /** Made when the record is known not to be too large. */
  index: () => Record<string, unknown>;
  /** Without resource and scope; never empty. */
  exact: object;
}
