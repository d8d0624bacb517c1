import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Signal } from '@spillway/otlp';
import { post } from './request.ts';
import { SenderFile } from './sender-file.ts';

/** One sender: its records have one ordering key, and a sequence of its own. */
export interface SenderOptions {
  name: string;
  signal: Signal;
  /** Where its file is. */
  dir: string;
  recordsPerRequest: number;
  /** Share of failed requests that are not tried again. */
  giveUpShare: number;
  /** Share of answers that get lost on their way: the sender sends the same bytes again. */
  deafShare: number;
  /** Share of requests whose bytes come a second time, some requests later. */
  repeatShare?: number;
  /** Between two requests. */
  pauseMs?: number;
  random: () => number;
  /** The door; changes with every restart. Undefined while the server is away. */
  endpoint: () => string | undefined;
  /** Stop sending new requests. */
  stopped: () => boolean;
  /** Of a request. */
  onAcknowledged?: () => void;
}

interface Request {
  sequences: number[];
  body: string;
}

const retryPauseMs = 50;
const repeatsMax = 8;

/** Sends one request after another until it is stopped; a failed one is sent again, byte by byte. */
export async function runSender(options: SenderOptions): Promise<void> {
  const { recordsPerRequest, repeatShare = 0, pauseMs = 0, random, stopped } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const late: Request[] = [];
  for (let next = 1; !stopped(); next += recordsPerRequest) {
    const sequences = Array.from({ length: recordsPerRequest }, (_, i) => next + i);
    const request = { sequences, body: bodyOf(options, sequences) };
    await send(options, agent, request);
    if (random() < repeatShare) late.push(request);
    const isDue = late.length > repeatsMax || random() < repeatShare;
    const repeated = isDue && late.splice(Math.floor(random() * late.length), 1)[0];
    if (repeated) await send(options, agent, repeated);
    if (pauseMs) await sleep(pauseMs * 2 * random());
  }
  agent.destroy();
}

async function send(options: SenderOptions, agent: Agent, request: Request): Promise<void> {
  const { dir, name, signal, endpoint, stopped, random, giveUpShare, deafShare } = options;
  const { sequences, body } = request;
  const file = new SenderFile(dir, signal, name);
  for (;;) {
    file.note('sent', sequences);
    const answer = await post(agent, endpoint(), signal, body);
    const isHeard = answer !== 200 || random() >= deafShare;
    if (isHeard) file.note(answer === 200 ? 'acknowledged' : 'refused', sequences, answer);
    if (isHeard && answer === 200) return options.onAcknowledged?.();
    if (answer !== 200 && (stopped() || random() < giveUpShare)) return;
    if (answer !== 200) await sleep(retryPauseMs);
  }
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
