import type { Compression, Protocol, RecordCounts, Sent } from '@spillway/load';
import { Command, InvalidArgumentError, Option } from 'commander';
import { optionalPackage } from '../optional-package.ts';

interface Flags {
  traces: number;
  spans: number;
  logs: number;
  points: number;
  batch: number;
  concurrency: number;
  endpoint: string[];
  grpc?: true;
  json?: true;
  gzip?: true;
  zstd?: true;
  key?: string;
  seed?: number;
}

const httpDefault = 'http://127.0.0.1:4318';
const grpcDefault = 'http://127.0.0.1:4317';
const timeoutMs = 10_000;
const retryBudgetMs = 60_000;
const progressIntervalMs = 250;

/** `spillway send`: prints what was acknowledged as JSON; exit code 1 when not all of it was. */
export function sendCommand(): Command {
  return new Command('send')
    .description('send generated traces, logs and metrics that belong together')
    .addOption(count('--traces <n>', 'traces', 100))
    .addOption(count('--spans <n>', 'spans of each trace', 8, 1))
    .addOption(count('--logs <n>', 'log records in all', 200))
    .addOption(count('--points <n>', 'metric points in all', 100))
    .addOption(count('--batch <n>', 'records per request', 100, 1))
    .addOption(count('--concurrency <n>', 'requests in flight', 4, 1))
    .addOption(
      new Option('--endpoint <url...>', 'where to send to; several are used in turn').default(
        [],
        `${httpDefault}, with --grpc ${grpcDefault}`,
      ),
    )
    .addOption(new Option('--grpc', 'OTLP/gRPC instead of OTLP/HTTP').conflicts(['json', 'zstd']))
    .addOption(new Option('--json', 'JSON instead of protobuf'))
    .addOption(new Option('--gzip', 'compress requests with gzip').conflicts('zstd'))
    .addOption(new Option('--zstd', 'compress requests with zstd'))
    .addOption(
      new Option('--key <key>', 'API key; better in the environment').env('SPILLWAY_API_KEY'),
    )
    .addOption(count('--seed <n>', 'equal seeds send equal records, times apart (default: chance)'))
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
  process.once('SIGINT', interrupt);
  try {
    const sent = await send(flags, interrupted.signal);
    process.stdout.write(`${JSON.stringify(sent, null, 2)}\n`);
    if (total(sent.refused) + total(sent.unanswered) > 0) process.exitCode = 1;
    if (interrupted.signal.aborted) process.exitCode = 130;
  } finally {
    process.off('SIGINT', interrupt);
  }
}

/** The rest is loaded only now: no other command pays for it. */
async function send(flags: Flags, abort: AbortSignal): Promise<Sent> {
  const { generate, sendAll } = await optionalPackage(
    '@spillway/load',
    () => import('@spillway/load'),
  );
  const { traces, spans, logs, points, batch, concurrency, endpoint, key } = flags;
  const seed = flags.seed ?? Math.floor(Math.random() * Number.MAX_SAFE_INTEGER);
  const nowMs = Date.now();
  const fallback = flags.grpc ? grpcDefault : httpDefault;
  const batches = generate({ traces, spans, logs, points, batchRecordsMax: batch, seed, nowMs });
  const progress = process.stderr.isTTY ? progressLine() : undefined;
  const sent = await sendAll(batches, {
    endpoints: endpoint.length > 0 ? endpoint.map(urlOf) : [fallback],
    protocol: protocolOf(flags),
    compression: compressionOf(flags),
    key,
    concurrency,
    timeoutMs,
    retryBudgetMs,
    abort,
    onProgress: progress?.update,
  });
  progress?.end();
  return sent;
}

function protocolOf({ grpc, json }: Flags): Protocol {
  if (grpc) return 'grpc';
  return json ? 'http/json' : 'http/protobuf';
}

function compressionOf({ gzip, zstd }: Flags): Compression {
  if (gzip) return 'gzip';
  return zstd ? 'zstd' : 'none';
}

function progressLine(): { update(sent: Sent): void; end(): void } {
  let shownMs = 0;
  return {
    update(sent) {
      const nowMs = performance.now();
      if (nowMs - shownMs < progressIntervalMs) return;
      shownMs = nowMs;
      const { spans, logs, points } = sent.acknowledged;
      const text = `acknowledged: ${spans} spans, ${logs} logs, ${points} points`;
      const trouble = sent.messages.at(-1);
      process.stderr.write(`\r\x1b[K${trouble === undefined ? text : `${text} (${trouble})`}`);
    },
    end() {
      process.stderr.write('\r\x1b[K');
    },
  };
}

/** `host:port` is enough. */
function urlOf(endpoint: string): string {
  const text = endpoint.includes('://') ? endpoint : `http://${endpoint}`;
  if (/^https?:/.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError(`--endpoint: wanted http://host:port, got ${endpoint}`);
}

function count(flags: string, description: string, fallback?: number, min = 0): Option {
  const option = new Option(flags, description).argParser((text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= min) return value;
    throw new InvalidArgumentError(`wanted a whole number of at least ${min}`);
  });
  return fallback === undefined ? option : option.default(fallback);
}

function total({ spans, logs, points }: RecordCounts): number {
  return spans + logs + points;
}
