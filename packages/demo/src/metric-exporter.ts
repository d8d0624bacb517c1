import { OTLPMetricExporterBase } from '@opentelemetry/exporter-metrics-otlp-http';
import {
  convertLegacyHttpOptions,
  createOtlpHttpExportDelegate,
} from '@opentelemetry/otlp-exporter-base/node-http';
import {
  type IExportMetricsServiceResponse,
  type ISerializer,
  JsonMetricsSerializer,
  MetricsExporterMetricsHelper,
} from '@opentelemetry/otlp-transformer';
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { ExemplarJson, Exemplars } from './exemplars.ts';

export interface MetricExporterOptions {
  url: string;
  headers: Record<string, string>;
  exemplars: Exemplars;
}

/**
 * The SDK's OTLP/JSON metric exporter, whose requests get the exemplars that our instrumentation
 * kept: the JavaScript SDK (3.1) neither samples nor exports any. Aggregation, temporality, retry
 * and transport stay the SDK's own.
 */
export class ExemplarMetricExporter extends OTLPMetricExporterBase {
  constructor({ url, headers, exemplars }: MetricExporterOptions) {
    const required = { 'Content-Type': 'application/json' };
    const options = convertLegacyHttpOptions({ url, headers }, 'METRICS', 'v1/metrics', required);
    const helper = MetricsExporterMetricsHelper;
    const serializer = withExemplars(exemplars);
    super(
      createOtlpHttpExportDelegate(options, serializer, 'otlp_http_json', helper, undefined),
      {},
    );
  }
}

interface PointJson {
  exemplars?: ExemplarJson[];
}
interface MetricJson {
  histogram?: { dataPoints: PointJson[] };
  exponentialHistogram?: { dataPoints: PointJson[] };
}
interface RequestJson {
  resourceMetrics: { scopeMetrics: { metrics: MetricJson[] }[] }[];
}

function withExemplars(
  exemplars: Exemplars,
): ISerializer<ResourceMetrics, IExportMetricsServiceResponse> {
  return {
    serializeRequest(collected) {
      const bytes = JsonMetricsSerializer.serializeRequest(collected);
      if (!bytes) return undefined;
      const request = JSON.parse(Buffer.from(bytes).toString()) as RequestJson;
      attach(request, collected, exemplars);
      return Buffer.from(JSON.stringify(request));
    },
    deserializeResponse: (data) => JsonMetricsSerializer.deserializeResponse(data),
  };
}

/** The serializer keeps the order of what was collected, so places agree. */
function attach(request: RequestJson, collected: ResourceMetrics, exemplars: Exemplars): void {
  for (const [scope, { metrics }] of collected.scopeMetrics.entries()) {
    for (const [place, { descriptor, dataPoints }] of metrics.entries()) {
      const metric = request.resourceMetrics[0]?.scopeMetrics[scope]?.metrics[place];
      const points = (metric?.histogram ?? metric?.exponentialHistogram)?.dataPoints ?? [];
      for (const [index, point] of points.entries()) {
        const attributes = dataPoints[index]?.attributes ?? {};
        const taken = exemplars.take(descriptor.name, attributes);
        if (taken.length > 0) point.exemplars = taken;
      }
    }
  }
}
