import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the range that the kernel gives to outgoing connections (from 32768): while a server is
 * down, no client's own socket may take its port.
 */
const range = { min: 20_000, max: 32_000 };
const attemptsMax = 200;
const given = new Set<number>();

/** A free port of 127.0.0.1: the preferred one if it is free. No port is given twice. */
export async function freePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && (await isFree(preferred))) return preferred;
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const port = randomInt(range.min, range.max);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`no free port found on 127.0.0.1 in ${range.min}-${range.max}`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ port, host: '127.0.0.1', exclusive: true });
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
