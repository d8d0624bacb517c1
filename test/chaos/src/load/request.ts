import { type Agent, request } from 'node:http';
import type { Signal } from '@spillway/otlp';

/** As long as the exporters of the SDKs wait. */
const patienceMs = 10_000;

/** The status, or the code of the error. A refusal that does not say when to come back is told. */
export function post(
  agent: Agent,
  endpoint: string | undefined,
  signal: Signal,
  body: string,
): Promise<number | string> {
  if (!endpoint) return Promise.resolve('away');
  return new Promise((resolve) => {
    const call = request(`${endpoint}/v1/${signal}`, {
      method: 'POST',
      agent,
      headers: { 'content-type': 'application/json' },
      timeout: patienceMs,
    });
    call.on('response', (response) => {
      const { statusCode = 0, headers } = response;
      response.resume();
      const isBare = (statusCode === 503 || statusCode === 429) && !headers['retry-after'];
      response.on('end', () => resolve(isBare ? `${statusCode}-bare` : statusCode));
      response.on('error', () => resolve('cut'));
    });
    call.on('timeout', () => {
      resolve('timeout');
      call.destroy();
    });
    call.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    call.end(body);
  });
}
