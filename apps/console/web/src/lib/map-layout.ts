import type { MapEdge } from '@spillway/store';

export interface PlacedNode {
  x: number;
  y: number;
}

export const nodeWidth = 150;
export const nodeHeight = 34;
const gapX = 90;
const gapY = 18;

/** Callers left of those they call, in columns; a cycle ends where it was entered. */
export function layOut(edges: readonly MapEdge[]) {
  const columnOf = new Map<string, number>();
  for (const { from, to } of edges) {
    columnOf.set(from, 0);
    columnOf.set(to, 0);
  }
  // As many passes as services settle every path that has no cycle, and bound those that do.
  for (let pass = 1; pass < columnOf.size; pass++) {
    let moved = false;
    for (const { from, to } of edges) {
      const wanted = (columnOf.get(from) ?? 0) + 1;
      if (from === to || (columnOf.get(to) ?? 0) >= wanted || wanted > pass) continue;
      columnOf.set(to, wanted);
      moved = true;
    }
    if (!moved) break;
  }
  const columns = Map.groupBy([...columnOf.keys()].sort(), (name) => columnOf.get(name) ?? 0);
  const tallest = Math.max(1, ...[...columns.values()].map((names) => names.length));
  const nodes = new Map<string, PlacedNode>();
  const used = [...columns.keys()].sort((a, b) => a - b);
  used.forEach((column, i) => {
    const names = columns.get(column) ?? [];
    const top = ((tallest - names.length) * (nodeHeight + gapY)) / 2;
    names.forEach((name, row) => {
      nodes.set(name, { x: 4 + i * (nodeWidth + gapX), y: 4 + top + row * (nodeHeight + gapY) });
    });
  });
  const width = 8 + used.length * (nodeWidth + gapX) - gapX;
  return { nodes, width, height: 8 + tallest * (nodeHeight + gapY) - gapY };
}
