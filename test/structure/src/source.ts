import { type Comment, type Node, parseSync, visitorKeys } from 'oxc-parser';
import { readText } from './repository.ts';

/** One parsed TypeScript file. */
export interface Source {
  path: string;
  text: string;
  program: Node;
  comments: readonly Comment[];
  /** Offsets at which lines begin. */
  lineStarts: readonly number[];
}

const parsed = new Map<string, Source>();

/** Parses a file of the repository, once. */
export function parse(path: string): Source {
  const known = parsed.get(path);
  if (known) return known;
  const text = readText(path);
  const { program, comments, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const lineStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const source = { path, text, program, comments, lineStarts };
  parsed.set(path, source);
  return source;
}

/** Calls `visit` for a node and for everything below it; false leaves out what is below. */
export function walk(node: Node, visit: (node: Node) => boolean | undefined): void {
  if (visit(node) === false) return;
  for (const key of visitorKeys[node.type] ?? []) {
    const child: unknown = (node as unknown as Record<string, unknown>)[key];
    for (const each of Array.isArray(child) ? child : [child]) {
      if (isNode(each)) walk(each, visit);
    }
  }
}

/** Finds the line of a place in a file, from 1. */
export function lineAt({ lineStarts }: Source, offset: number): number {
  let [low, high] = [0, lineStarts.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((lineStarts[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return low + 1;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}
