/** Unsigned 64-bit ns as two numbers that JSON and a `long` hold exactly enough to sort by. */
export function micros(nano: bigint): number {
  return Number(nano / 1_000n);
}

/** What `micros` leaves over, 0 to 999. */
export function nanosLeft(nano: bigint): number {
  return Number(nano % 1_000n);
}
