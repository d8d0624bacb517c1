/** A name that differs in more characters is not what was meant, and takes long to compare. */
const distanceMax = 6;

/** Finds the known name closest to a misspelled one; undefined when none is close. */
export function nearestName(wrong: string, known: readonly string[]): string | undefined {
  const near = known
    .filter((name) => Math.abs(name.length - wrong.length) <= distanceMax)
    .map((name) => ({ name, distance: editDistance(name.toLowerCase(), wrong.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return near && near.distance <= distanceMax ? near.name : undefined;
}

/** Levenshtein distance in UTF-16 units. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
