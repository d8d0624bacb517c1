/** The shape of a trace: who called whom, what to show, and where the time went. */
import type { SpanView } from '../../../src/schema/trace-answers.ts';

export interface SpanNode {
  span: SpanView;
  /** Since the start of the trace, ns. */
  offsetNano: number;
  depth: number;
  children: SpanNode[];
  /** All below it. */
  descendants: number;
  critical: boolean;
  /** The parent is named, but not (yet) in the trace. */
  orphan: boolean;
}

export interface TraceTree {
  roots: SpanNode[];
  byId: ReadonlyMap<string, SpanNode>;
  startNano: bigint;
  durationNano: number;
}

export function buildTree(spans: readonly SpanView[]): TraceTree {
  let startNano = BigInt(spans[0]?.startTimeUnixNano ?? 0);
  for (const span of spans) {
    const start = BigInt(span.startTimeUnixNano);
    if (start < startNano) startNano = start;
  }
  const byId = new Map<string, SpanNode>();
  const nodes = spans.map((span): SpanNode => {
    const offsetNano = Number(BigInt(span.startTimeUnixNano) - startNano);
    const node = { span, offsetNano, depth: 0, children: [], descendants: 0 };
    return { ...node, critical: false, orphan: false };
  });
  for (const node of nodes) if (!byId.has(node.span.spanId)) byId.set(node.span.spanId, node);
  const roots = nodes.filter((node) => !adopt(node, byId));
  const reached = settle(roots);
  // Spans that name each other as parents hang on no root: show them all the same.
  for (const node of nodes) {
    if (reached.has(node)) continue;
    const rest: SpanNode = { ...node, children: [], orphan: true };
    byId.set(node.span.spanId, rest);
    roots.push(rest);
  }
  roots.sort((a, b) => a.offsetNano - b.offsetNano);
  markCriticalPath(roots);
  const durationNano = nodes.reduce((most, node) => Math.max(most, endOf(node)), 0);
  return { roots, byId, startNano, durationNano };
}

/** Depth first, without what hangs below a collapsed span. */
export function visibleRows(tree: TraceTree, collapsed: ReadonlySet<string>): SpanNode[] {
  const rows: SpanNode[] = [];
  const stack = tree.roots.toReversed();
  for (let node = stack.pop(); node; node = stack.pop()) {
    rows.push(node);
    if (collapsed.has(node.span.spanId)) continue;
    for (let i = node.children.length - 1; i >= 0; i--) stack.push(node.children[i] as SpanNode);
  }
  return rows;
}

function adopt(node: SpanNode, byId: ReadonlyMap<string, SpanNode>): boolean {
  const { parentSpanId } = node.span;
  if (parentSpanId === '') return false;
  const parent = byId.get(parentSpanId);
  if (!parent || parent === node) {
    node.orphan = true;
    return false;
  }
  parent.children.push(node);
  return true;
}

/** Sets depth, order and counts from the roots down, without recursion: chains may be long. */
function settle(roots: readonly SpanNode[]): Set<SpanNode> {
  const order: SpanNode[] = [];
  const stack = [...roots];
  for (let node = stack.pop(); node; node = stack.pop()) {
    order.push(node);
    node.children.sort((a, b) => a.offsetNano - b.offsetNano);
    for (const child of node.children) {
      child.depth = node.depth + 1;
      stack.push(child);
    }
  }
  for (const node of order.toReversed()) {
    for (const child of node.children) node.descendants += child.descendants + 1;
  }
  return new Set(order);
}

/**
 * Walks back from the end of the longest root: what ended last held up the answer, before it the
 * child that ended last before that one started, and so on down.
 */
function markCriticalPath(roots: readonly SpanNode[]): void {
  const root = roots.toSorted((a, b) => b.span.durationNano - a.span.durationNano)[0];
  const open = root ? [root] : [];
  for (let node = open.pop(); node; node = open.pop()) {
    node.critical = true;
    let untilNano = endOf(node);
    for (const child of node.children.toSorted((a, b) => endOf(b) - endOf(a))) {
      // A child that outlives its parent did not hold it up: work handed over, not waited for.
      if (endOf(child) > untilNano) continue;
      open.push(child);
      untilNano = child.offsetNano;
    }
  }
}

function endOf(node: SpanNode): number {
  return node.offsetNano + node.span.durationNano;
}
