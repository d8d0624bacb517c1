/** A request as SDKs send them: 100 spans, 25 traces, 3 resources, about 36 KB. */
import { createHash } from 'node:crypto';

const keys = ['http.request.method', 'http.route', 'server.address', 'http.response.status_code'];

export function sampleTraces(spans = 100, traces = 25, resources = 3): object {
  return {
    resourceSpans: Array.from({ length: resources }, (_, r) => ({
      resource: {
        attributes: [
          text('service.name', `shop-${r}`),
          text('service.version', '1.4.2'),
          text('host.name', `node-${r}.eu-central-1.compute.internal`),
          text('telemetry.sdk.language', 'nodejs'),
          text('process.runtime.description', 'Node.js 24.1.0 on linux x86-64'),
        ],
      },
      scopeSpans: [
        {
          scope: { name: '@opentelemetry/instrumentation-http', version: '0.57.0' },
          spans: Array.from({ length: Math.ceil((spans - r) / resources) }, (_, i) => {
            const n = i * resources + r;
            return span(n, n % traces);
          }),
          schemaUrl: 'https://opentelemetry.io/schemas/1.30.0',
        },
      ],
    })),
  };
}

function span(n: number, trace: number): object {
  const start = 1_732_350_000_000_000_000n + BigInt(n) * 1_000_003n;
  return {
    traceId: digest(`trace ${trace}`, 16),
    spanId: digest(`span ${n}`, 8),
    parentSpanId: n < 25 ? Buffer.alloc(0) : digest(`span ${n - 25}`, 8),
    name: `GET /api/products/${n % 7}`,
    kind: 1 + (n % 5),
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + 48_123_456n),
    attributes: [
      ...keys.slice(0, 3).map((key) => text(key, `value of ${key} ${n % 3}`)),
      { key: keys[3], value: { intValue: '200' } },
      text('url.full', `https://shop.example.com/api/products/${n % 7}?page=${n}`),
    ],
    events:
      n % 10 === 0
        ? [
            {
              timeUnixNano: String(start + 1000n),
              name: 'exception',
              attributes: [text('exception.type', 'TimeoutError')],
            },
          ]
        : [],
    status: n % 10 === 0 ? { code: 2, message: 'timed out' } : {},
    flags: 0x101,
  };
}

function text(key: string, stringValue: string): object {
  return { key, value: { stringValue } };
}

function digest(of: string, bytes: number): Buffer {
  return createHash('sha256').update(of).digest().subarray(0, bytes);
}
