import type { EChartsCoreOption } from 'echarts/core';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { EChartsType } from '../lib/echarts.ts';
import { setRange } from '../lib/location.ts';
import { dark, zone } from '../lib/settings.ts';
import { useBrush } from './use-brush.ts';

interface ChartProps {
  /** Without axes' looks, which are the same everywhere; see `chart-style.ts`. */
  option: EChartsCoreOption;
  height: number;
  /** What a sighted person would see at a glance. */
  label: string;
  onClick?: ((data: unknown) => void) | undefined;
}

/** A chart over time. Dragging over it zooms every view to that time. */
export function Chart({ option, height, label, onClick }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<EChartsType | undefined>();
  const click = useRef(onClick);
  click.current = onClick;

  useEffect(() => {
    let made: EChartsType | undefined;
    let gone = false;
    const observer = new ResizeObserver(() => made?.resize());
    void import('../lib/echarts.ts').then(({ init }) => {
      if (gone || !box.current) return;
      made = init(box.current);
      made.on('click', (event) => click.current?.(event.data));
      observer.observe(box.current);
      setChart(made);
    });
    return () => {
      gone = true;
      observer.disconnect();
      made?.dispose();
    };
  }, []);

  const theme = dark.value;
  const utc = zone.value === 'utc';
  useEffect(() => {
    chart?.setOption({ ...option, useUTC: utc }, { notMerge: true });
  }, [chart, option, utc, theme]);

  const brush = useBrush(box, {
    toTime: (x) => {
      const value = chart?.convertFromPixel({ xAxisIndex: 0 }, x);
      return typeof value === 'number' ? value : undefined;
    },
    onRange: setRange,
  });
  return (
    <div class="chart" style={{ height: `${height}px` }}>
      <div class="chart-canvas" role="img" aria-label={label} ref={box} {...brush.handlers} />
      {brush.selection && (
        <div
          class="brush"
          style={{ left: `${brush.selection.left}px`, width: `${brush.selection.width}px` }}
        />
      )}
    </div>
  );
}
