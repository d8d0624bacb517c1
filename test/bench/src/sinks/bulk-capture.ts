import { Agent, createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer, text } from 'node:stream/consumers';

const agent = new Agent({ keepAlive: true });

/** Stands before a server, hands everything on, and keeps the bodies of `_bulk`. */
export async function captureBulks(url: string) {
  const bodies: string[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const { method = 'GET', headers } = incoming;
    const body = await buffer(incoming);
    if (incoming.url?.startsWith('/_bulk')) bodies.push(body.toString());
    const answer = await exchange(`${url}${incoming.url}`, { method, headers, body });
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${port}`, bodies, close };
}

/** The cheapest client there is; rejects unless the answer is a success. */
export async function send(
  url: string,
  { method, body = '' }: { method: string; body?: string },
): Promise<string> {
  const headers = { 'content-type': 'application/x-ndjson' };
  const answer = await exchange(url, { method, headers, body });
  const content = await text(answer);
  if (answer.statusCode === 200) return content;
  throw new Error(`${method} ${url} answered ${answer.statusCode}: ${content}`);
}

interface Exchange {
  method: string;
  headers: IncomingMessage['headers'];
  body: string | Buffer;
}

function exchange(url: string, { method, headers, body }: Exchange): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(url, { method, headers, agent }, resolve).on('error', reject).end(body);
  });
}
