import { useMemo, useRef, useState } from 'preact/hooks';
import { serviceColour } from '../../lib/colour.ts';
import { count, many, nanoDuration } from '../../lib/format.ts';
import { useKeys } from '../../lib/keys.ts';
import { setParams } from '../../lib/location.ts';
import { type SpanNode, type TraceTree, visibleRows } from '../../lib/trace-tree.ts';
import { VirtualRows } from '../../ui/virtual-rows.tsx';

interface WaterfallProps {
  tree: TraceTree;
  selected: SpanNode | undefined;
}

const rowHeight = 28;
const indentMax = 12;

export function Waterfall({ tree, selected }: WaterfallProps) {
  const { collapsed, setCollapsed, toggle } = useCollapsed();
  const [activeId, setActiveId] = useState(selected?.span.spanId);
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useMemo(() => visibleRows(tree, collapsed), [tree, collapsed]);
  const active = rows.findIndex((node) => node.span.spanId === activeId);

  const select = (node: SpanNode): void => {
    setActiveId(node.span.spanId);
    setParams({ span: node.span.spanId }, { replace: selected !== undefined });
  };
  useTreeKeys({ rows, active, isOpen: selected !== undefined, setActiveId, select, toggle });
  const rowAt = (i: number) => (
    <Row
      key={rows[i]?.span.spanId}
      node={rows[i] as SpanNode}
      tree={tree}
      active={i === active}
      selected={rows[i] === selected}
      shut={collapsed.has(rows[i]?.span.spanId ?? '')}
      onToggle={toggle}
      onSelect={select}
    />
  );
  return (
    <div class="waterfall">
      <Head
        allShut={collapsed.size > 0}
        durationNano={tree.durationNano}
        onShut={(shut) => setCollapsed(shut ? shutBelow(tree) : new Set())}
      />
      <div
        class="waterfall-rows"
        ref={scroller}
        role="tree"
        aria-label={`${many(rows.length, 'span')}, by time`}
        aria-activedescendant={active >= 0 ? `span-${activeId}` : undefined}
        tabIndex={0}
      >
        <VirtualRows
          count={rows.length}
          rowHeight={rowHeight}
          active={active}
          scroller={scroller}
          row={rowAt}
        />
      </div>
    </div>
  );
}

/** Which spans are shut: what hangs below them is not shown. */
function useCollapsed() {
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const toggle = (node: SpanNode, shut: boolean): void => {
    const next = new Set(collapsed);
    if (shut) next.add(node.span.spanId);
    else next.delete(node.span.spanId);
    setCollapsed(next);
  };
  return { collapsed, setCollapsed, toggle };
}

interface TreeKeys {
  rows: readonly SpanNode[];
  active: number;
  /** Whether a span is shown beside the tree: then it follows the keys. */
  isOpen: boolean;
  setActiveId: (id: string | undefined) => void;
  select: (node: SpanNode) => void;
  toggle: (node: SpanNode, shut: boolean) => void;
}

function useTreeKeys({ rows, active, isOpen, setActiveId, select, toggle }: TreeKeys): void {
  useKeys((key) => {
    const node = rows[active];
    const step = key === 'j' || key === 'ArrowDown' ? 1 : key === 'k' || key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) {
      const next = rows[Math.max(0, Math.min(rows.length - 1, active + step))];
      setActiveId(next?.span.spanId);
      if (isOpen && next) select(next);
    } else if (!node) return false;
    else if (key === 'Enter') select(node);
    else if (key === 'ArrowLeft') toggle(node, true);
    else if (key === 'ArrowRight') toggle(node, false);
    else return false;
    return true;
  });
}

interface HeadProps {
  allShut: boolean;
  durationNano: number;
  onShut: (shut: boolean) => void;
}

function Head({ allShut, durationNano, onShut }: HeadProps) {
  return (
    <div class="waterfall-head">
      <div class="waterfall-tools">
        <button type="button" class="button small" onClick={() => onShut(!allShut)}>
          {allShut ? 'Expand all' : 'Collapse'}
        </button>
        <span class="legend faint">
          <span class="sign-critical" aria-hidden="true" /> critical path
        </span>
      </div>
      <Ruler durationNano={durationNano} />
    </div>
  );
}

interface RowProps {
  node: SpanNode;
  tree: TraceTree;
  active: boolean;
  selected: boolean;
  shut: boolean;
  onToggle: (node: SpanNode, shut: boolean) => void;
  onSelect: (node: SpanNode) => void;
}

function Row({ node, tree, active, selected, shut, onToggle, onSelect }: RowProps) {
  const { span, depth, children, critical } = node;
  const total = Math.max(1, tree.durationNano);
  const left = (node.offsetNano / total) * 100;
  const width = (span.durationNano / total) * 100;
  const failed = span.statusCode === 2;
  const state = `${active ? 'active' : ''} ${selected ? 'selected' : ''}`;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree takes the keys
    <div
      id={`span-${span.spanId}`}
      class={`span-row ${state}`}
      role="treeitem"
      tabIndex={-1}
      aria-level={depth + 1}
      aria-selected={selected}
      aria-expanded={children.length ? !shut : undefined}
      onClick={() => onSelect(node)}
    >
      <Name node={node} shut={shut} onToggle={onToggle} />
      <span class="span-track" aria-hidden="true">
        <span
          class={`span-bar ${failed ? 'failed' : ''} ${critical ? 'critical' : ''}`}
          style={{
            left: `${left}%`,
            width: `max(2px, ${width}%)`,
            background: serviceColour(span.service),
          }}
        />
      </span>
      <span class="span-duration faint">
        {nanoDuration(span.durationNano)}
        {failed && <span class="visually-hidden">, error</span>}
        {critical && <span class="visually-hidden">, on the critical path</span>}
      </span>
    </div>
  );
}

function Name({ node, shut, onToggle }: Pick<RowProps, 'node' | 'shut' | 'onToggle'>) {
  const { span, depth, children } = node;
  return (
    <span class="span-name" style={{ paddingInlineStart: `${Math.min(depth, indentMax) * 14}px` }}>
      {children.length ? (
        <span
          class="twist"
          aria-hidden="true"
          onClick={(event) => {
            event.stopPropagation();
            onToggle(node, !shut);
          }}
        >
          {shut ? '▸' : '▾'}
        </span>
      ) : (
        <span class="twist" aria-hidden="true" />
      )}
      <span class="dot" style={{ background: serviceColour(span.service) }} aria-hidden="true" />
      {span.statusCode === 2 && (
        <span class="span-error" aria-hidden="true">
          ▲
        </span>
      )}
      <span class="span-title" title={`${span.service} · ${span.name}`}>
        <b>{span.name}</b> <span class="faint">{span.service}</span>
      </span>
      {shut && <span class="tag">{count(node.descendants)}</span>}
    </span>
  );
}

function Ruler({ durationNano }: { durationNano: number }) {
  return (
    <div class="ruler" aria-hidden="true">
      {[0, 0.25, 0.5, 0.75].map((part) => (
        <span key={part} style={{ left: `${part * 100}%` }}>
          {nanoDuration(durationNano * part)}
        </span>
      ))}
    </div>
  );
}

/** The roots' children stay in sight, what hangs below them goes. */
function shutBelow(tree: TraceTree): Set<string> {
  const shut = new Set<string>();
  for (const node of tree.byId.values()) {
    if (node.depth > 0 && node.children.length) shut.add(node.span.spanId);
  }
  return shut;
}
