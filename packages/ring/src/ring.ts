import { createHash } from 'node:crypto';

/** A point on the ring: the first 32 bits of a SHA-1. */
type Point = number;

export interface Ring {
  readonly owners: readonly string[];
  ownerOf(key: string): string;
}

export const virtualNodesDefault = 512;

/**
 * Consistent hashing: each owner has many points on a ring, and a key belongs to the owner of the
 * next point. With one owner more, only about 1/(n+1) of the keys move, all of them to the new one.
 * Source: Karger et al., "Consistent Hashing and Random Trees", STOC 1997.
 */
export function createRing(
  owners: readonly string[],
  virtualNodes: number = virtualNodesDefault,
): Ring {
  if (!owners.length) throw new RangeError('a ring needs an owner');
  const entries = owners
    .flatMap((owner) =>
      Array.from({ length: virtualNodes }, (_, i) => ({ point: pointOf(`${owner}#${i}`), owner })),
    )
    .sort((a, b) => a.point - b.point || (a.owner < b.owner ? -1 : 1));
  const points = Float64Array.from(entries, ({ point }) => point);
  return {
    owners,
    ownerOf: (key) => (entries[next(points, pointOf(key))] as { owner: string }).owner,
  };
}

function pointOf(text: string): Point {
  return createHash('sha1').update(text).digest().readUInt32BE(0);
}

/** Index of the first point at or after, around the ring. */
function next(points: Float64Array, point: Point): number {
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((points[middle] as number) < point) low = middle + 1;
    else high = middle;
  }
  return low === points.length ? 0 : low;
}
