import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Refusal } from '../../model/refusal.ts';
import { answerOf, sendAnswer } from './http-answer.ts';

const MiB = 1024 * 1024;
const head = 'POST /v1/logs HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n';
const refusal = answerOf(new Refusal('no-key', 'no'), { signal: 'logs', format: 'json' });

/** Refuses every request before its body. */
const server = createServer((req, res) => sendAnswer(req, res, refusal));

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Sends a head and these bytes, reads the answer, and goes on sending until it is cut. CPU in ms. */
async function cpuOf(bytes: Buffer): Promise<{ cpuMs: number; said: string }> {
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  let said = '';
  socket.on('data', (part) => {
    said += part.toString();
  });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const before = process.cpuUsage();
  socket.write(head);
  for (let sent = 0; sent < 8 * MiB; sent += bytes.length) socket.write(bytes);
  await closed;
  const { user, system } = process.cpuUsage(before);
  return { cpuMs: (user + system) / 1000, said };
}

it('the rest of a refused body costs the same in one chunk as in chunks of one byte', async () => {
  const whole = await cpuOf(
    Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536), Buffer.from('\r\n')]),
  );
  const crumbs = await cpuOf(Buffer.from('1\r\nx\r\n'.repeat(10_000)));
  for (const { said } of [whole, crumbs]) expect(said).toMatch(/^HTTP\/1\.1 401 /);
  expect(crumbs.cpuMs).toBeLessThan(5 * whole.cpuMs + 200);
}, 20_000);
