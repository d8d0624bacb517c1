import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

const here = dirname(fileURLToPath(import.meta.url));

/** Folder in which `npm run build -w @spillway/console` puts the page. */
export const builtPageFolder = join(here, '../../dist');

const missingPage = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Spillway</title>
<h1>The page is not built</h1>
<p>Run <code>npm run build -w @spillway/console</code> and start again.
The query API works without it: <a href="/api/services">/api/services</a>.</p></html>`;

/**
 * Serves the built page: hashed files for ever, the page itself always asked for again. Every path
 * that is not a file is a view of the page.
 */
export async function addPage(app: FastifyInstance, folder: string): Promise<boolean> {
  const built = existsSync(join(folder, 'index.html'));
  if (!built) {
    app.get('/*', async (_request, reply) => {
      reply.code(503).type('text/html; charset=utf-8');
      return missingPage;
    });
    return false;
  }
  await app.register(fastifyStatic, {
    root: folder,
    serve: false,
    preCompressed: true,
    cacheControl: false,
  });
  app.get('/assets/*', (request, reply) => {
    reply.header('cache-control', 'public, max-age=31536000, immutable');
    return reply.sendFile(`assets/${(request.params as { '*': string })['*']}`);
  });
  app.get('/*', (_request, reply) => {
    reply.header('cache-control', 'no-cache');
    return reply.sendFile('index.html');
  });
  return true;
}
