import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import { isLoopback } from '@spillway/runtime';
import type { FastifyInstance } from 'fastify';
import { demandLoopbackHost, demandSameOrigin } from './access.ts';

/** What the page may load: its own files, and nothing inline. */
const directives = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
  'form-action': ["'self'"],
  'base-uri': ["'none'"],
  'frame-ancestors': ["'none'"],
};

/** What a link anywhere may lead to. Named by route: one path may be written in many ways. */
const pageRoutes = new Set(['/*', '/assets/*']);

/**
 * Adds the security headers and the checks of host and origin. Must be added before any route:
 * hooks apply to the routes that follow.
 */
export async function addSecurity(app: FastifyInstance, host: string): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives },
    referrerPolicy: { policy: 'same-origin' },
    // TLS ends before this process, and whoever ends it says for how long; the others are for
    // browsers that know no policy.
    strictTransportSecurity: false,
    originAgentCluster: false,
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xFrameOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
  });
  await app.register(cookie);
  const loopback = isLoopback(host);
  app.addHook('onRequest', async (request, reply) => {
    const isPage = pageRoutes.has(request.routeOptions.url ?? '');
    if (!isPage) reply.header('cache-control', 'no-store');
    if (loopback) demandLoopbackHost(request);
    if (!isPage) demandSameOrigin(request);
  });
}
