import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, it } from 'vitest';
import { limitConnections } from './connection-limit.ts';

let server: Server;
let clients: Socket[] = [];
beforeEach(async () => {
  server = createServer((socket) => socket.pipe(socket));
  limitConnections(server, { connectionsMax: 3, lookEveryMs: 1 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  for (const client of clients) client.destroy();
  clients = [];
  server.close();
});

async function open(): Promise<Socket> {
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => undefined);
  clients.push(client);
  const accepted = once(server, 'connection');
  await Promise.all([once(client, 'connect'), accepted]);
  return client;
}

async function say(client: Socket): Promise<void> {
  client.write('x');
  await once(client, 'data');
}

it('closes the connection that was idle for longest for the one that comes', async () => {
  const [first, second] = [await open(), await open(), await open()];
  for (const client of clients) await say(client);
  await sleep(20);
  await say(first as Socket);
  const closed = once(second as Socket, 'close');
  await open();
  await closed;
  await say(first as Socket);
});

it('a connection that never sent a byte goes before one that is in use', async () => {
  const used = await open();
  await say(used);
  for (let i = 0; i < 20; i++) await open();
  await say(used);
  await say(await open());
  await say(used);
});
