import { connect, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { AttackLab } from './support/attack-lab.ts';

// Each starts processes, which takes CPU-seconds on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

const withFiles = (limit: number) => ['bash', '-c', `ulimit -n ${limit}; exec "$@"`, 'bash'];

let lab: AttackLab | undefined;
let idle: Socket[] = [];
afterEach(async () => {
  for (const socket of idle) socket.destroy();
  idle = [];
  await lab?.close();
});

async function hold(address: string, connections: number): Promise<void> {
  const { hostname, port } = new URL(address.includes('//') ? address : `http://${address}`);
  for (let i = 0; i < connections; i++) {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    idle.push(socket);
    await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
  }
}

test('with 256 descriptors, 400 idle connections at each door cost no other client anything', async () => {
  lab = await AttackLab.start({ under: withFiles(256) });
  expect(lab.spillway.output).toContain('RLIMIT_NOFILE: wanted');
  const { otlpHttp, otlpGrpc, console: page } = lab.addresses;
  await hold(otlpHttp, 400);
  await hold(otlpGrpc, 400);
  await hold(page, 400);
  const { status } = await lab.ask('/api/services', lab.goodKey);
  expect(status).toBe(200);
  // While they are held: the audit is asked of the running process.
  const { accepted } = await lab.verdict();
  expect(accepted).toBeGreaterThan(0);
});

test('with 128 descriptors the start is refused in one sentence, before anything is opened', async () => {
  await expect(AttackLab.start({ under: withFiles(128) })).rejects.toThrow(
    /The process may open 128 files \(RLIMIT_NOFILE\) and needs at least \d+: .* Raise the limit/,
  );
});
