import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@spillway/native';

const folder = process.env.SPILLWAY_TEST_PEERS;

/** Undefined where there is none, and says so. */
export function collectorBinary(): string | undefined {
  const binary = folder && join(folder, 'otelcol');
  if (binary && existsSync(binary)) return binary;
  process.stdout.write(
    'SKIPPED the Collector: set SPILLWAY_TEST_PEERS to a folder with the binary `otelcol`.\n',
  );
  return undefined;
}

export interface CollectorOptions {
  dir: string;
  bootstrap: string;
  /** A message per trace id, so that a trace stays in one partition. */
  byTraceId: boolean;
}

/** OTLP in, Kafka with acks=all before the answer, nothing queued. Answers its door and arguments. */
export async function collectorConfig(options: CollectorOptions) {
  const { dir, bootstrap, byTraceId } = options;
  const http = `127.0.0.1:${await freePort()}`;
  const file = join(dir, 'otelcol.yaml');
  const config = {
    receivers: { otlp: { protocols: { http: { endpoint: http } } } },
    exporters: {
      kafka: {
        brokers: [bootstrap],
        traces: { topic: 'otlp_spans', encoding: 'otlp_proto' },
        partition_traces_by_id: byTraceId,
        producer: { compression: 'none', required_acks: -1 },
        sending_queue: { enabled: false },
      },
    },
    service: {
      telemetry: { metrics: { level: 'none' }, logs: { level: 'warn' } },
      pipelines: { traces: { receivers: ['otlp'], exporters: ['kafka'] } },
    },
  };
  writeFileSync(file, JSON.stringify(config)); // JSON is YAML.
  return { http, args: ['--config', file] };
}
