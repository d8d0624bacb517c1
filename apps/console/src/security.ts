import { isLoopback } from '@spillway/runtime';
import type { FastifyInstance } from 'fastify';
import { demandLoopbackHost, demandSameOrigin } from './access.ts';

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** What a link anywhere may lead to. Named by route: one path may be written in many ways. */
const pageRoutes = new Set(['/*', '/assets/*']);

export function addSecurity(app: FastifyInstance, host: string): void {
  const loopback = isLoopback(host);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    const isPage = pageRoutes.has(request.routeOptions.url ?? '');
    if (!isPage) reply.header('cache-control', 'no-store');
    if (loopback) demandLoopbackHost(request);
    if (!isPage) demandSameOrigin(request);
  });
}
