/**
 * Copies as LZ4 and Snappy repeat: `length` bytes from `distance` back, which may be among those
 * copied.
 */
export function copyBack(
  output: Buffer,
  { to, distance, length }: { to: number; distance: number; length: number },
): void {
  if (distance === 0 || distance > to)
    throw new Error(`A copy from ${distance} bytes back at ${to}`);
  if (to + length > output.length) throw new Error(`More than ${output.length} bytes`);
  // What was copied is repeated, twice as much each time.
  for (let copied = 0; copied < length; ) {
    const from = to - distance;
    const next = Math.min(length - copied, distance + copied);
    output.copyWithin(to + copied, from, from + next);
    copied += next;
  }
}
