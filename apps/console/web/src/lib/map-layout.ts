import type { MapEdge } from '../../../src/schema/service-answers.ts';

export interface PlacedNode {
  x: number;
  y: number;
}

export const nodeWidth = 150;
export const nodeHeight = 34;
const gapX = 90;
const gapY = 18;

/** Callers left of those they call, in columns. */
export function layOut(edges: readonly MapEdge[]) {
  const columnOf = columnsOf(edges);
  const columns = Map.groupBy([...columnOf.keys()].sort(), (name) => columnOf.get(name) ?? 0);
  const tallest = Math.max(1, ...[...columns.values()].map((names) => names.length));
  const nodes = new Map<string, PlacedNode>();
  for (const [column, names] of columns) {
    const top = ((tallest - names.length) * (nodeHeight + gapY)) / 2;
    names.forEach((name, row) => {
      nodes.set(name, {
        x: 4 + column * (nodeWidth + gapX),
        y: 4 + top + row * (nodeHeight + gapY),
      });
    });
  }
  const width = 8 + columns.size * (nodeWidth + gapX) - gapX;
  return { nodes, width, height: 8 + tallest * (nodeHeight + gapY) - gapY };
}

/** The longest way from an entry, over the calls that do not lead back into a cycle. */
function columnsOf(edges: readonly MapEdge[]): Map<string, number> {
  const calls = Map.groupBy(edges, (edge) => edge.from);
  const called = new Set(edges.filter(({ from, to }) => from !== to).map(({ to }) => to));
  const names = [...new Set(edges.flatMap(({ from, to }) => [from, to]))].sort();
  const entries = [...names.filter((name) => !called.has(name)), ...names];
  const columns = new Map<string, number>();
  const onWay = new Set<string>();
  const order: string[] = [];
  const forward = new Map<string, string[]>();
  const visit = (name: string): void => {
    columns.set(name, 0);
    onWay.add(name);
    const targets = (calls.get(name) ?? []).map(({ to }) => to).filter((to) => !onWay.has(to));
    forward.set(name, targets);
    for (const to of targets) if (!columns.has(to)) visit(to);
    onWay.delete(name);
    order.push(name);
  };
  for (const name of entries) if (!columns.has(name)) visit(name);
  for (const name of order.toReversed()) {
    for (const to of forward.get(name) ?? []) {
      columns.set(to, Math.max(columns.get(to) ?? 0, (columns.get(name) ?? 0) + 1));
    }
  }
  return columns;
}
