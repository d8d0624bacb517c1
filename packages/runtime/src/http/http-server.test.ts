import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createLimitedHttpServer, type HttpServerLimits } from './http-server.ts';

const open: { server: Server; sockets: Socket[] }[] = [];
afterEach(async () => {
  for (const { server, sockets } of open.splice(0)) {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
});

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function doorOf(handler: Handler, limits: HttpServerLimits = {}) {
  const server = createLimitedHttpServer(handler, limits);
  const sockets: Socket[] = [];
  open.push({ server, sockets });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return async (): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    sockets.push(socket);
    await new Promise((resolve) => socket.once('connect', resolve));
    return socket;
  };
}

/** More than the kernel takes for a client that does not read. */
const bodyBytes = 48_000_000;

const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

/** Everything until the connection is closed, or until the text is there. */
function textOf(socket: Socket, end?: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (data) => {
      text += data;
      if (end !== undefined && text.includes(end)) resolve(text);
    });
    socket.once('close', () => resolve(text));
  });
}

/** Until the connection is closed, or so much is there. */
function lengthOf(socket: Socket, enough: number): Promise<number> {
  return new Promise((resolve) => {
    let length = 0;
    socket.on('data', (data) => {
      length += data.length;
      if (length >= enough) resolve(length);
    });
    socket.once('close', () => resolve(length));
    socket.resume();
  });
}

describe('the door for questions', () => {
  it('answers what a connection pipelines one after the other, in order', async () => {
    let atOnce = 0;
    let most = 0;
    const dial = await doorOf((_, response) => {
      most = Math.max(most, ++atOnce);
      setImmediate(() => {
        atOnce--;
        response.end(`answer to ${_.url};`);
      });
    });
    const socket = await dial();
    socket.write(['/1', '/2', '/3'].map(request).join(''));
    const text = await textOf(socket, 'answer to /3;');
    expect(text.match(/answer to \/\d/g)).toEqual(['answer to /1', 'answer to /2', 'answer to /3']);
    expect(most).toBe(1);
  });

  it('closes a connection that pipelines more than is allowed, before it is worked on', async () => {
    let asked = 0;
    const dial = await doorOf(
      (_, response) => {
        asked++;
        setTimeout(() => response.end('ok'), 5);
      },
      { pipelinedMax: 4 },
    );
    const socket = await dial();
    socket.write(request('/').repeat(1_000));
    await textOf(socket);
    expect(asked).toBeLessThanOrEqual(1);
  });

  it('lets the event loop turn between a few requests and the next', async () => {
    let sinceTurn = 0;
    let most = 0;
    let answered = 0;
    const dial = await doorOf((_, response) => {
      most = Math.max(most, ++sinceTurn);
      answered++;
      response.end('ok');
    });
    let isDone = false;
    const turn = (): void => {
      sinceTurn = 0;
      if (!isDone) setImmediate(turn);
    };
    turn();
    const sockets = await Promise.all(Array.from({ length: 60 }, dial));
    for (const socket of sockets) socket.write(request('/'));
    await Promise.all(sockets.map((socket) => textOf(socket, 'ok')));
    isDone = true;
    expect(answered).toBe(60);
    expect(most).toBeLessThanOrEqual(8);
  });

  it('closes a connection that does not read its answers', async () => {
    const dial = await doorOf((_, response) => response.end('x'.repeat(bodyBytes)), {
      silenceMs: 100,
    });
    const socket = await dial();
    socket.pause();
    socket.write(request('/'));
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await lengthOf(socket, bodyBytes)).toBeLessThan(bodyBytes);
  });

  it('closes the largest unread answers when they are too much together', async () => {
    const dial = await doorOf((_, response) => response.end('x'.repeat(bodyBytes)), {
      unreadBytesMax: bodyBytes,
    });
    const sockets = await Promise.all(Array.from({ length: 6 }, dial));
    for (const socket of sockets) socket.pause().write(request('/'));
    await new Promise((resolve) => setTimeout(resolve, 300));
    const lengths = await Promise.all(sockets.map((socket) => lengthOf(socket, bodyBytes)));
    expect(lengths.filter((length) => length < bodyBytes).length).toBeGreaterThanOrEqual(4);
  });

  it('closes answers of the one that leaves most of them unread, and of no other', async () => {
    const dial = await doorOf((_, response) => response.end('x'.repeat(bodyBytes)), {
      unreadBytesMax: 2.5 * bodyBytes,
      ownerOf: ({ url }) => url,
    });
    const good = await dial();
    good.pause().write(request('/good'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const sockets = await Promise.all(Array.from({ length: 4 }, dial));
    for (const socket of sockets) socket.pause().write(request('/evil'));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await lengthOf(good, bodyBytes)).toBeGreaterThanOrEqual(bodyBytes);
  });

  it('is patient with an answer that is still being worked on', async () => {
    const dial = await doorOf((_, response) => void setTimeout(() => response.end('done'), 300), {
      silenceMs: 50,
    });
    const socket = await dial();
    socket.write(request('/'));
    expect(await textOf(socket, 'done')).toContain('done');
  });

  it('refuses a body whose length it is not told, and parses none of it', async () => {
    let asked = 0;
    const dial = await doorOf((_, response) => {
      asked++;
      response.end('ok');
    });
    const socket = await dial();
    const text = textOf(socket);
    socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n');
    const crumbs = Buffer.from('1\r\nx\r\n'.repeat(10_000));
    const before = process.cpuUsage();
    for (let sent = 0; sent < 8_000_000; sent += crumbs.length) socket.write(crumbs);
    expect(await text).toMatch(/^HTTP\/1\.1 411 [\s\S]*length-required/);
    const { user, system } = process.cpuUsage(before);
    // With the parser it is more than a second.
    expect((user + system) / 1000).toBeLessThan(600);
    expect(asked).toBe(0);
  });

  it('closes a connection after an answer that did not wait for the body', async () => {
    const dial = await doorOf((_, response) => void response.end('answered'));
    const socket = await dial();
    const text = textOf(socket);
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n');
    socket.write(Buffer.alloc(1_000_000));
    expect(await text).toContain('answered');
  });
});
