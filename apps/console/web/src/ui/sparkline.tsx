const width = 120;
const height = 24;

/** Oldest first. The numbers stand beside it, so to a screen reader it is only decoration. */
export function Sparkline({ values, colour }: { values: readonly number[]; colour: string }) {
  const most = Math.max(1, ...values);
  const stepX = width / Math.max(1, values.length - 1);
  const points = values.map((value, i) => {
    return `${(i * stepX).toFixed(1)},${(height - 2 - (value / most) * (height - 4)).toFixed(1)}`;
  });
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <polygon
        points={`0,${height} ${points.join(' ')} ${width},${height}`}
        fill={colour}
        opacity="0.14"
      />
      <polyline points={points.join(' ')} fill="none" stroke={colour} stroke-width="1.5" />
    </svg>
  );
}
