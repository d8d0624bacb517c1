const mebibyte = 1_048_576;

/** What was chosen for V8 from outside; undefined where it chooses itself. */
export interface NodeFlags {
  heapBytes: number | undefined;
  semiSpaceMebibytes: number | undefined;
}

export function nodeFlags(
  execArgv: readonly string[] = process.execArgv,
  nodeOptions: string = process.env.NODE_OPTIONS ?? '',
): NodeFlags {
  const words = [...nodeOptions.split(/\s+/), ...execArgv];
  const last = (flag: RegExp): number | undefined => {
    const found = words.flatMap((word) => flag.exec(word)?.[1] ?? []).at(-1);
    return found === undefined ? undefined : Number(found);
  };
  const heap = last(/^--max[-_](?:old[-_]space|heap)[-_]size=(\d+)$/);
  return {
    heapBytes: heap === undefined ? undefined : heap * mebibyte,
    semiSpaceMebibytes: last(/^--max[-_]semi[-_]space[-_]size=(\d+)$/),
  };
}
