import { Agent, request } from 'node:http';

const agent = new Agent({ keepAlive: true, maxSockets: 32 });

/** One OTLP/HTTP request of spans; resolves with the status. */
export function post(endpoint: string, body: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/x-protobuf',
      'content-length': body.byteLength,
    };
    const call = request(`${endpoint}/v1/traces`, { method: 'POST', agent, headers });
    call.on('response', (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    call.on('error', reject);
    call.end(body);
  });
}
