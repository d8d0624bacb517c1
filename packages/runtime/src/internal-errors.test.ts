import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { InternalErrors } from './internal-errors.ts';

/** Every kind of callback that Node calls with nothing of ours above it. */
const callbacks: Record<string, string> = {
  'a timer': `setTimeout(() => { throw new Error('bug'); }, 1)`,
  'an immediate': `setImmediate(() => { throw new Error('bug'); })`,
  'a next tick': `process.nextTick(() => { throw new Error('bug'); })`,
  'a microtask': `queueMicrotask(() => { throw new Error('bug'); })`,
  'a promise': `Promise.reject(new Error('bug'))`,
  'an async function': `(async () => { throw new Error('bug'); })()`,
  'an error event without a listener': `setImmediate(() => new (require('node:events'))().emit('error', new Error('bug')))`,
  'a file callback': `require('node:fs').readFile(__filename, () => { throw new Error('bug'); })`,
  'a stream': `require('node:stream').Readable.from(['x']).on('data', () => { throw new Error('bug'); })`,
  'a socket': `{ const net = require('node:net'); const server = net.createServer((socket) => { socket.on('error', () => {}); server.close(); throw new Error('bug'); }).listen(0, '127.0.0.1', () => net.connect(server.address().port, '127.0.0.1', function () { this.destroy(); }).on('error', () => {})); }`,
  'a worker': `new (require('node:worker_threads').Worker)('throw new Error("bug")', { eval: true })`,
  'not even an error': `setTimeout(() => { throw undefined; }, 1)`,
};

describe('an error that nobody foresaw', () => {
  it.each(Object.entries(callbacks))('in %s is counted, and the process lives', (_, code) => {
    const { status, stdout, stderr } = run(`
      ${code};
      setTimeout(() => console.log(JSON.stringify(errors.counts())), 1000);`);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const counts = JSON.parse(stdout) as { where: string; count: number }[];
    expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(1);
  });

  it('ends the process when it comes after the stop', () => {
    const { status } = run(`errors.stop().then(() => { throw new Error('bug'); })`);
    expect(status).toBe(1);
  });

  it('makes the process not ready when it happens in a loop, until it has been quiet', () => {
    let nowMs = 0;
    const errors = new InternalErrors({ report: () => undefined, nowMs: () => nowMs });
    for (let i = 0; i < 9; i++) errors.count('HTTP request');
    expect(errors.health().ok).toBe(true);
    errors.count('HTTP request');
    expect(errors.health().ok).toBe(false);
    nowMs = 60_001;
    expect(errors.health().ok).toBe(true);
    expect(errors.counts()).toContainEqual({ where: 'HTTP request', count: 10 });
  });
});

function run(code: string) {
  const dir = mkdtempSync(join(tmpdir(), 'internal-errors-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const file = join(dir, 'main.cjs');
  const module = join(import.meta.dirname, 'internal-errors.ts');
  writeFileSync(
    file,
    `const { InternalErrors } = require(${JSON.stringify(module)});
     const errors = new InternalErrors({ report: () => undefined });
     errors.start();
     ${code}`,
  );
  return spawnSync(process.execPath, [file], { encoding: 'utf8', timeout: 20_000 });
}
