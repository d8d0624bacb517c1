import http from 'node:http';
import https from 'node:https';
import { messageOf } from '@spillway/resilience';
import { readPartialSuccess, readPartialSuccessJson, readStatus } from './answer-bytes.ts';
import type { Answer, Client, ClientOptions, OutgoingRequest } from './client.ts';
import { compress } from './compress.ts';

/** Only these are worth another attempt (OTLP/HTTP, "Failures"). */
const retryable = new Set([429, 502, 503, 504]);
const answerBytesMax = 1024 * 1024;

interface Response {
  status: number;
  retryAfter: string | undefined;
  json: boolean;
  body: Buffer;
}

/** OTLP/HTTP over connections that are kept. */
export function createHttpClient(options: ClientOptions): Client {
  const transport = options.endpoint.startsWith('https:') ? https : http;
  const agent = new transport.Agent({ keepAlive: true, maxSockets: options.connectionsMax });
  const base = options.endpoint.replace(/\/+$/, '');
  return {
    async send(request, abort) {
      try {
        return answerOf(await post(transport, agent, base, options, request, abort));
      } catch (error) {
        abort.throwIfAborted();
        return { status: 'retry', afterMs: undefined, message: messageOf(error) };
      }
    },
    close: () => agent.destroy(),
  };
}

async function post(
  transport: typeof http | typeof https,
  agent: http.Agent,
  base: string,
  options: ClientOptions,
  request: OutgoingRequest,
  abort: AbortSignal,
): Promise<Response> {
  const body = await compress(request.body, options.compression);
  const headers = headersOf(options, body.length);
  const url = `${base}/v1/${request.signal}`;
  const limit = AbortSignal.any([abort, AbortSignal.timeout(options.timeoutMs)]);
  const sent = transport.request(url, { method: 'POST', agent, headers, signal: limit });
  sent.end(body);
  return read(sent);
}

function headersOf(options: ClientOptions, length: number): Record<string, string> {
  const json = options.protocol === 'http/json';
  return {
    'content-type': json ? 'application/json' : 'application/x-protobuf',
    'content-length': String(length),
    ...(options.compression === 'none' ? {} : { 'content-encoding': options.compression }),
    ...(options.key === undefined ? {} : { authorization: `Bearer ${options.key}` }),
  };
}

function read(sent: http.ClientRequest): Promise<Response> {
  return new Promise((resolve, reject) => {
    sent.on('error', reject);
    sent.on('response', (response) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      response.on('data', (part: Buffer) => {
        bytes += part.length;
        if (bytes > answerBytesMax) sent.destroy(new Error('the answer is too large'));
        parts.push(part);
      });
      response.on('error', reject);
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          retryAfter: response.headers['retry-after'],
          json: (response.headers['content-type'] ?? '').startsWith('application/json'),
          body: Buffer.concat(parts),
        });
      });
    });
  });
}

function answerOf({ status, retryAfter, json, body }: Response): Answer {
  if (status === 200) {
    const read = json ? readPartialSuccessJson(body.toString()) : readPartialSuccess(body);
    return { status: 'acknowledged', ...read };
  }
  const message = `HTTP ${status} ${statusMessageOf(json, body)}`.trimEnd();
  if (!retryable.has(status)) return { status: 'refused', message };
  return { status: 'retry', afterMs: retryAfterMs(retryAfter), message };
}

/** An error's body is a `google.rpc.Status`, unless something before the server wrote it. */
function statusMessageOf(json: boolean, body: Buffer): string {
  try {
    if (json) return String((JSON.parse(body.toString()) as { message?: string }).message ?? '');
    return readStatus(body).message;
  } catch {
    return body.toString('utf8', 0, 200);
  }
}

/** Seconds or an HTTP date. */
function retryAfterMs(header: string | undefined, nowMs = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
