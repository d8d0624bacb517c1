import type { Addresses } from './spillway-process.ts';

/** One OTLP/HTTP request in JSON. */
export function postOtlp(
  { otlpHttp }: Addresses,
  signal: 'traces' | 'logs' | 'metrics',
  body: string,
): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return fetch(`${otlpHttp}/v1/${signal}`, { method: 'POST', headers, body });
}

/** Throws when the query API does not answer 200. */
export async function query<T>({ console: page }: Addresses, path: string): Promise<T> {
  const response = await fetch(`${page}${path}`);
  const text = await response.text();
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`);
  return JSON.parse(text) as T;
}
