/**
 * Consistent hashing (Karger et al., 1997) on the first 48 bits of SHA-1. Each owner stands on the
 * ring many times (virtual nodes), which evens out its share; a key belongs to the first owner at
 * or after it, clockwise. Between n and n + 1 owners only what the new one takes moves.
 */
import { createHash } from 'node:crypto';

/** Owners of places on a hash ring. */
export interface Ring {
  ownerOf(key: string): string;
  /** Finds the owner of a place that `placeOf` gave. */
  ownerAt(place: number): string;
}

/** Places of each owner on the ring. */
const defaultVirtualNodes = 512;

/** Throws a RangeError without owners, or when one is named twice. */
export function createRing(
  owners: readonly string[],
  virtualNodes: number = defaultVirtualNodes,
): Ring {
  if (owners.length === 0) throw new RangeError('A ring needs an owner');
  if (new Set(owners).size < owners.length) throw new RangeError('An owner is named twice');
  const nodes = owners
    .flatMap((owner) =>
      Array.from({ length: virtualNodes }, (_, node) => ({
        owner,
        place: placeOf(`${owner}#${node}`),
      })),
    )
    // Two nodes on one place: the order must not depend on that of the owners.
    .sort((a, b) => a.place - b.place || (a.owner < b.owner ? -1 : 1));
  const places = Float64Array.from(nodes, ({ place }) => place);
  const ownerAt = (place: number) =>
    (nodes[firstAtOrAfter(places, place)] ?? nodes[0])?.owner as string;
  return { ownerAt, ownerOf: (key) => ownerAt(placeOf(key)) };
}

/** Computes where a text stands on the ring: 0 to 2^48 - 1. */
export function placeOf(text: string): number {
  return createHash('sha1').update(text).digest().readUIntBE(0, 6);
}

function firstAtOrAfter(places: Float64Array, place: number): number {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((places[middle] as number) < place) low = middle + 1;
    else high = middle;
  }
  return low;
}
