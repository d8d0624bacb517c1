import { Agent, request } from 'node:http';

/** One sender: its records have one ordering key, and a sequence of its own. */
export interface SenderOptions {
  name: string;
  signal: 'traces' | 'logs' | 'metrics';
  recordsPerRequest: number;
  /** Share of failed requests that are not tried again. */
  giveUpShare: number;
  /** Share of answers that get lost on their way: the sender sends the same bytes again. */
  deafShare: number;
  random: () => number;
  /** The door; changes with every restart. Undefined while the server is away. */
  endpoint: () => string | undefined;
  /** Stop sending new requests. */
  stopped: () => boolean;
}

/** What a sender knows by itself, without asking the server. */
export interface SenderLog {
  name: string;
  signal: SenderOptions['signal'];
  /** Answered 200, in the order of the answers. */
  acknowledged: number[];
  /** Sent, and never answered 200. */
  unanswered: number[];
  statuses: Map<number | string, number>;
}

const retryPauseMs = 20;

/** Sends one request after another until it is stopped; a failed one is sent again, byte by byte. */
export async function runSender(options: SenderOptions): Promise<SenderLog> {
  const { name, signal, recordsPerRequest, giveUpShare, deafShare, random } = options;
  const { endpoint, stopped } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const log: SenderLog = { name, signal, acknowledged: [], unanswered: [], statuses: new Map() };
  let next = 1;
  while (!stopped()) {
    const sequences = Array.from({ length: recordsPerRequest }, (_, i) => next + i);
    next += recordsPerRequest;
    const body = bodyOf(options, sequences);
    for (;;) {
      const status = await post(agent, endpoint(), signal, body);
      log.statuses.set(status, (log.statuses.get(status) ?? 0) + 1);
      if (status === 200 && random() < deafShare) continue;
      if (status === 200) {
        log.acknowledged.push(...sequences);
        break;
      }
      if (stopped() || random() < giveUpShare) {
        log.unanswered.push(...sequences);
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, retryPauseMs));
    }
  }
  agent.destroy();
  return log;
}

function post(
  agent: Agent,
  endpoint: string | undefined,
  signal: string,
  body: string,
): Promise<number | string> {
  if (!endpoint) return Promise.resolve('away');
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json' };
    const call = request(
      `${endpoint}/v1/${signal}`,
      { method: 'POST', agent, headers },
      (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
        response.on('error', () => resolve('cut'));
      },
    );
    call.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    call.end(body);
  });
}

/** OTLP/JSON by hand, so that the load shares no code with what it tests. */
function bodyOf({ name, signal }: SenderOptions, sequences: readonly number[]): string {
  const resource = { attributes: [text('service.name', name)] };
  const scope = { name: 'load' };
  const timeUnixNano = String(BigInt(Date.now()) * 1_000_000n);
  const attributesOf = (n: number) => [text('sender', name), number('sequence', n)];
  if (signal === 'traces') {
    const spans = sequences.map((n) => ({
      traceId: traceIdOf(name),
      spanId: n.toString(16).padStart(16, '0'),
      name: 'work',
      kind: 2,
      startTimeUnixNano: timeUnixNano,
      endTimeUnixNano: timeUnixNano,
      attributes: attributesOf(n),
    }));
    return JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope, spans }] }] });
  }
  if (signal === 'logs') {
    const logRecords = sequences.map((n) => ({
      timeUnixNano,
      severityNumber: 9,
      body: { stringValue: `${name} ${n}` },
      attributes: attributesOf(n),
    }));
    return JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords }] }] });
  }
  const dataPoints = sequences.map((n) => ({
    timeUnixNano,
    asInt: n,
    attributes: attributesOf(n),
  }));
  const metrics = [{ name: `load.${name}`, gauge: { dataPoints } }];
  return JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics }] }] });
}

/** One trace per sender: the ordering key. */
export function traceIdOf(sender: string): string {
  return Buffer.from(sender.padEnd(16, '.')).toString('hex').slice(0, 32);
}

function text(key: string, value: string) {
  return { key, value: { stringValue: value } };
}

function number(key: string, value: number) {
  return { key, value: { intValue: String(value) } };
}
