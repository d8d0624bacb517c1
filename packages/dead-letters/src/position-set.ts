const positionsPerChunk = 4_096;
/** With what the object and its place in the map take. */
const chunkBytes = positionsPerChunk / 8 + 200;

/** Positions of one partition, at a bit each where they lie close. */
export class PositionSet {
  readonly #chunks = new Map<number, Uint8Array>();

  /** Bytes of memory that it takes. */
  get bytes(): number {
    return this.#chunks.size * chunkBytes;
  }

  add(position: number): void {
    const name = Math.floor(position / positionsPerChunk);
    const chunk = this.#chunks.get(name) ?? new Uint8Array(positionsPerChunk / 8);
    this.#chunks.set(name, chunk);
    const at = position % positionsPerChunk;
    chunk[at >> 3] = (chunk[at >> 3] ?? 0) | (1 << (at & 7));
  }

  has(position: number): boolean {
    const chunk = this.#chunks.get(Math.floor(position / positionsPerChunk));
    const at = position % positionsPerChunk;
    return chunk !== undefined && ((chunk[at >> 3] ?? 0) & (1 << (at & 7))) !== 0;
  }
}
