import type { IncomingMessage, ServerResponse } from 'node:http';

const requestHeaders =
  'authorization, content-encoding, content-type, traceparent, tracestate, user-agent';

/**
 * Lets browsers of the listed origins send. True when it was a preflight, which is answered then.
 * Source: https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export function cors(
  req: IncomingMessage,
  res: ServerResponse,
  origins: readonly string[],
): boolean {
  res.setHeader('vary', 'origin');
  const { origin } = req.headers;
  if (origin === undefined || !(origins.includes(origin) || origins.includes('*'))) return false;
  res.setHeader('access-control-allow-origin', origin);
  res.setHeader('access-control-expose-headers', 'retry-after, x-spillway-ack');
  if (req.method !== 'OPTIONS' || !req.headers['access-control-request-method']) return false;
  res.writeHead(204, {
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': requestHeaders,
    'access-control-max-age': '600',
  });
  res.end();
  return true;
}
