import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { cutConnection } from './cut-connection.ts';

it('a connection that is cut costs nothing for what else was sent on it', async () => {
  const seen = { first: 0, second: 0 };
  const server = createServer((req, res) => {
    const client = req.headers['x-client'] as keyof typeof seen;
    seen[client] += 1;
    if (client === 'first' && seen.first === 3) cutConnection(req);
    else res.end();
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const request = (client: string) => `GET / HTTP/1.1\r\nhost: x\r\nx-client: ${client}\r\n\r\n`;
  const first = connect(port, '127.0.0.1')
    .on('error', () => undefined)
    .resume();
  first.write(request('first').repeat(1000));
  await once(first, 'close');
  // Its parser is used again for the next connection.
  const second = connect(port, '127.0.0.1');
  second.write(request('second').repeat(5));
  let answered = '';
  second.on('data', (part) => {
    answered += part;
  });
  while (answered.split('HTTP/1.1 200').length < 6) await once(second, 'data');
  second.destroy();
  expect(seen).toEqual({ first: 3, second: 5 });
});
