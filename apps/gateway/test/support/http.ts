import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { onTestFinished } from 'vitest';

export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface HttpCall {
  path?: string;
  method?: string;
  headers?: Record<string, string | number>;
  body?: Uint8Array | string;
  agent?: Agent;
}

export const protobuf = { 'content-type': 'application/x-protobuf' };
export const json = { 'content-type': 'application/json' };

export function send(address: string, call: HttpCall): Promise<HttpAnswer> {
  const { path = '/v1/traces', method = 'POST', headers = {}, body, agent } = call;
  const [host, port] = address.split(':');
  return new Promise((resolve, reject) => {
    const options = { host, port, path, method, headers: { ...headers }, agent: agent ?? false };
    const length = body === undefined ? 0 : Buffer.byteLength(body);
    if (!('transfer-encoding' in headers)) options.headers['content-length'] ??= length;
    const req = request(options, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('error', reject);
      res.on('end', () => {
        const { statusCode = 0, headers: answered } = res;
        resolve({ status: statusCode, headers: answered, body: Buffer.concat(chunks) });
      });
    });
    req.on('error', reject);
    req.end(body);
  });
}

export function keepAliveAgent(maxSockets: number): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets });
  onTestFinished(() => agent.destroy());
  return agent;
}

/** The `google.rpc.Status` of a JSON answer. */
export function statusOf({ body }: HttpAnswer): { code: number; message: string; details?: [] } {
  return JSON.parse(body.toString());
}
