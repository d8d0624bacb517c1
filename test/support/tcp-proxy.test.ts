import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { TcpProxy } from '@spillway/test-support';
import { expect, it, onTestFinished, vi } from 'vitest';

/** An echo server behind a proxy; `heard` is what reached it. */
async function ground() {
  const heard: string[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      heard.push(String(bytes));
      socket.write(bytes);
    });
    socket.on('end', () => socket.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await TcpProxy.start(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  onTestFinished(async () => {
    await proxy.remove();
    server.close();
  });
  return { proxy, heard: () => heard.join('') };
}

/** `ends`: how the connection ended, once it has. */
async function client(proxy: TcpProxy) {
  const [host, port] = proxy.address.split(':');
  const socket = connect({ host: host as string, port: Number(port) });
  onTestFinished(() => void socket.destroy());
  const got: string[] = [];
  let ends = '';
  socket.on('data', (bytes) => got.push(String(bytes)));
  socket.on('end', () => (ends ||= 'end'));
  socket.on('error', (error: NodeJS.ErrnoException) => (ends ||= String(error.code)));
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => {});
  return { socket, got: () => got.join(''), ends: () => ends };
}

const soon = { timeout: 10_000, interval: 5 };

async function hears(one: { socket: Socket; got: () => string }, text: string): Promise<void> {
  const before = one.got().length;
  one.socket.write(text);
  await vi.waitFor(() => expect(one.got().slice(before)).toBe(text), soon);
}

it('passes bytes and the end of a connection on, both ways', async () => {
  const { proxy } = await ground();
  const one = await client(proxy);
  await hears(one, 'x'.repeat(3_000_000));
  one.socket.end();
  await vi.waitFor(() => expect([one.ends(), proxy.connections]).toEqual(['end', 0]), soon);
});

it('cut: resets what is open, refuses what is new, and heals on the same address', async () => {
  const { proxy } = await ground();
  const one = await client(proxy);
  await hears(one, 'a');
  proxy.cut();
  await vi.waitFor(() => expect(one.ends()).toBe('ECONNRESET'), soon);
  expect((await client(proxy)).ends()).toBe('ECONNREFUSED');
  await proxy.heal();
  await hears(await client(proxy), 'b');
});

it('black hole: accepts and answers nothing; healed, what lost bytes is reset', async () => {
  const { proxy, heard } = await ground();
  const idle = await client(proxy);
  const open = await client(proxy);
  await hears(open, 'a');
  proxy.blackHole();
  const fresh = await client(proxy);
  for (const each of [open, fresh]) each.socket.write('lost');
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect([open.ends(), fresh.ends(), open.got(), heard()]).toEqual(['', '', 'a', 'a']);
  await proxy.heal();
  await vi.waitFor(() => expect([open.ends(), fresh.ends()]).toContain('ECONNRESET'), soon);
  await hears(idle, 'b');
  expect(heard()).toBe('ab');
});

it('half open: the server hears, the client does not', async () => {
  const { proxy, heard } = await ground();
  const one = await client(proxy);
  proxy.halfOpen();
  one.socket.write('a');
  await vi.waitFor(() => expect(heard()).toBe('a'), soon);
  await proxy.heal();
  await vi.waitFor(() => expect([one.got(), one.ends()]).toEqual(['', 'ECONNRESET']), soon);
});

it('hold: delivers late what a client sent before it went', async () => {
  const { proxy, heard } = await ground();
  const one = await client(proxy);
  await hears(one, 'a');
  proxy.hold();
  one.socket.end('late');
  await new Promise((resolve) => setTimeout(resolve, 50));
  one.socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(heard()).toBe('a');
  await proxy.heal();
  await vi.waitFor(() => expect([heard(), proxy.connections]).toEqual(['alate', 0]), soon);
});

it('hold what is open: new connections work, and what was held comes after them', async () => {
  const { proxy, heard } = await ground();
  const one = await client(proxy);
  await hears(one, 'a');
  proxy.holdOpen();
  one.socket.write('late');
  await hears(await client(proxy), 'b');
  expect(heard()).toBe('ab');
  await proxy.heal();
  await vi.waitFor(() => expect(heard()).toBe('ablate'), soon);
});

it('delay: later by so much each way, in order', async () => {
  const { proxy } = await ground();
  const one = await client(proxy);
  proxy.delay(100);
  const fromMs = performance.now();
  for (const text of ['a', 'b', 'c']) one.socket.write(text);
  await vi.waitFor(() => expect(one.got()).toBe('abc'), soon);
  expect(performance.now() - fromMs).toBeGreaterThanOrEqual(195);
});

it('slow: no more bytes a second than asked, until it heals', async () => {
  const { proxy } = await ground();
  const one = await client(proxy);
  proxy.slow(10_000);
  const fromMs = performance.now();
  one.socket.write('x'.repeat(1_000_000));
  await vi.waitFor(() => expect(one.got().length).toBeGreaterThanOrEqual(3_000), soon);
  expect(performance.now() - fromMs).toBeGreaterThanOrEqual(250);
  await proxy.heal();
  await vi.waitFor(() => expect(one.got().length).toBe(1_000_000), soon);
});
