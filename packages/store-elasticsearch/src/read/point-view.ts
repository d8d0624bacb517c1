import type { PointView, ResourceView, ScopeView } from '@spillway/store';
import type { ExactExemplar, ExactPoint } from '../write/point-document.ts';

export function pointView(
  exact: ExactPoint & { resource: ResourceView; scope: ScopeView },
): PointView {
  const { quantiles, explicitBounds, zeroThreshold } = exact;
  return {
    ...exact,
    value: numberView(exact.value),
    sum: optionalNumber(exact.sum),
    min: optionalNumber(exact.min),
    max: optionalNumber(exact.max),
    bucketCounts: exact.bucketCounts,
    explicitBounds: explicitBounds?.map(Number),
    scale: exact.scale,
    zeroCount: exact.zeroCount,
    zeroThreshold: optionalNumber(zeroThreshold),
    positive: exact.positive,
    negative: exact.negative,
    quantiles: quantiles?.map(({ quantile, value }) => ({
      quantile: Number(quantile),
      value: Number(value),
    })),
    exemplars: exact.exemplars.map(({ value, ...rest }) => ({ ...rest, value: numberView(value) })),
  };
}

export function exemplarNumber(value: ExactExemplar['value']): number {
  if (!value) return 0;
  return Number('int' in value ? value.int : value.double);
}

function optionalNumber(value: number | string | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

/** A number, or 'NaN' and the infinities as text: JSON has no other way. */
function numberView(value: PointView['value']): PointView['value'] {
  if (!value || 'int' in value) return value;
  const double = Number(value.double);
  return { double: Number.isFinite(double) ? double : String(double) };
}
