import { type Comment, type Node, parseSync, visitorKeys } from 'oxc-parser';
import { readText } from './repository.ts';

/** One parsed TypeScript file. */
export interface Source {
  path: string;
  text: string;
  program: Node;
  comments: readonly Comment[];
}

const parsed = new Map<string, Source>();

/** Parses a file of the repository, once. */
export function parse(path: string): Source {
  const known = parsed.get(path);
  if (known) return known;
  const text = readText(path);
  const { program, comments, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const source = { path, text, program, comments };
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

/** Counts the lines up to a place in a text, from 1. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}
