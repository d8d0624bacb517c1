import { useMemo } from 'preact/hooks';
import type { MapAnswer, MapEdge } from '../../../src/schema/service-answers.ts';
import { query } from '../lib/api.ts';
import { serviceColour } from '../lib/colour.ts';
import { count, duration, many } from '../lib/format.ts';
import { href, range } from '../lib/location.ts';
import { layOut, nodeHeight, nodeWidth, type PlacedNode } from '../lib/map-layout.ts';
import { useAutoRefresh } from '../lib/use-auto-refresh.ts';
import { useQuery } from '../lib/use-query.ts';
import { ServiceName } from '../ui/service-name.tsx';
import { Empty, SendFirst, ViewOf } from '../ui/states.tsx';
import { ErrorRatio } from './services.tsx';

export function MapPage() {
  useAutoRefresh(15_000);
  const { fromMs, toMs } = range.value;
  const answer = useQuery<MapAnswer>(query('/api/map', { from: fromMs, to: toMs }));
  return (
    <div class="page">
      <div class="page-head">
        <h1>Map</h1>
        <p class="sub">who calls whom; a thicker line is more calls, a dashed red one has errors</p>
      </div>
      <ViewOf answer={answer} what="The map">
        {({ edges, truncated }) =>
          edges.length ? (
            <>
              {truncated && <p class="sub">the busiest calls: there are more</p>}
              <Drawing edges={edges} />
              <EdgeTable edges={edges} />
            </>
          ) : (
            <Empty title="No service called another in this time.">
              <SendFirst signal="traces" />
            </Empty>
          )
        }
      </ViewOf>
    </div>
  );
}

/** The table below says the same to whoever does not see the drawing. */
function Drawing({ edges }: { edges: readonly MapEdge[] }) {
  const { nodes, width, height } = useMemo(() => layOut(edges), [edges]);
  const most = edges.reduce((max, edge) => Math.max(max, edge.calls), 1);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must reach it
    <section class="panel map" tabIndex={0} aria-label="Drawing">
      <svg
        viewBox={`0 0 ${width} ${height}`}
        style={{ maxWidth: `${width}px` }}
        role="img"
        aria-label={`Map of ${many(nodes.size, 'service')}`}
      >
        {edges.map((edge) => {
          const [from, to] = [nodes.get(edge.from), nodes.get(edge.to)];
          if (!from || !to) return null;
          return (
            <path
              key={`${edge.from} ${edge.to}`}
              class={edge.errors ? 'edge edge-error' : 'edge'}
              d={curve(from, to)}
              stroke-width={1 + (edge.calls / most) * 4}
            />
          );
        })}
        {[...nodes].map(([name, { x, y }]) => (
          <g key={name} transform={`translate(${x} ${y})`} class="map-node">
            <rect width={nodeWidth} height={nodeHeight} rx="6" />
            <rect width="4" height={nodeHeight} rx="2" style={{ fill: serviceColour(name) }} />
            <text x="14" y={nodeHeight / 2 + 4}>
              {name.length > 17 ? `${name.slice(0, 16)}…` : name}
            </text>
          </g>
        ))}
      </svg>
    </section>
  );
}

function curve(from: PlacedNode, to: PlacedNode): string {
  const [x1, y1] = [from.x + nodeWidth, from.y + nodeHeight / 2];
  const [x2, y2] = [to.x, to.y + nodeHeight / 2];
  const bend = Math.max(40, Math.abs(x2 - x1) / 2);
  return `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}

function EdgeTable({ edges }: { edges: readonly MapEdge[] }) {
  return (
    <table class="table">
      <thead>
        <tr>
          <th scope="col">From</th>
          <th scope="col">To</th>
          <th scope="col" class="num">
            Calls
          </th>
          <th scope="col" class="num">
            Errors
          </th>
          <th scope="col" class="num">
            p95
          </th>
        </tr>
      </thead>
      <tbody>
        {edges
          .toSorted((a, b) => b.calls - a.calls)
          .map((edge) => (
            <tr key={`${edge.from} ${edge.to}`}>
              <td>
                <a href={href(`/services/${encodeURIComponent(edge.from)}`)}>
                  <ServiceName service={edge.from} />
                </a>
              </td>
              <td>
                <a href={href(`/services/${encodeURIComponent(edge.to)}`)}>
                  <ServiceName service={edge.to} />
                </a>
              </td>
              <td class="num">{count(edge.calls)}</td>
              <td class="num">
                <ErrorRatio ratio={edge.errors / Math.max(1, edge.calls)} />
              </td>
              <td class="num">{duration(edge.p95Ms)}</td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}
