import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runSpillway, SpillwayProcess, tracesBody } from '@spillway/test-support';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

// Each starts processes, which takes CPU-seconds on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

// A small disk of its own takes root; CI has it.
const isRoot = process.getuid?.() === 0;

let mount: string;
let dataDir: string;
let spillway: SpillwayProcess;
beforeEach(() => {
  mount = mkdtempSync(join(tmpdir(), 'spillway-disk-'));
  system('mount -t tmpfs -o size=160m tmpfs', mount);
  dataDir = join(mount, 'data');
  mkdirSync(dataDir);
  spillway = new SpillwayProcess({ dataDir });
});
afterEach(async () => {
  await spillway.end('SIGKILL');
  system('umount -l', mount);
  rmSync(mount, { recursive: true });
});

function system(words: string, path: string): void {
  const [command = '', ...args] = words.split(' ');
  execFileSync(command, [...args, path]);
}

function fill(): void {
  const file = openSync(join(mount, 'fill'), 'w');
  for (const size of [1_048_576, 4_096, 1]) {
    try {
      while (writeSync(file, Buffer.alloc(size)) === size);
    } catch {
      // Full for this size.
    }
  }
  closeSync(file);
}

function makeRoom(): void {
  rmSync(join(mount, 'fill'));
}

async function send(url: string, requests: number): Promise<number> {
  let accepted = 0;
  for (let request = 0; request < requests; request++) {
    const spans = Array.from({ length: 50 }, (_, i) => ({
      traceId: (accepted + i + 1).toString(16).padStart(32, '0'),
      spanId: (accepted + i + 1).toString(16).padStart(16, '0'),
    }));
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: tracesBody('shop', spans) };
    const { status } = await fetch(`${url}/v1/traces`, init);
    if (status === 200) accepted += spans.length;
  }
  return accepted;
}

async function readyIs(url: string, wanted: number, why = ''): Promise<void> {
  for (;;) {
    const response = await fetch(`${url}/ready`);
    const text = await response.text();
    if (response.status === wanted && text.includes(why)) return;
    await sleep(100);
  }
}

/** Of the stores, with sizes and times of the last change. */
function listing(): string[] {
  const stores = ['postgres', 'search'].map((name) => join(dataDir, name));
  const paths = stores.flatMap((dir) =>
    readdirSync(dir, { recursive: true }).map((name) => join(dir, String(name))),
  );
  const asides = readdirSync(dataDir).filter((name) => name.includes('set-aside'));
  return [
    ...asides,
    ...paths.sort().map((path) => {
      const { size, mtimeMs, mode } = statSync(path);
      return `${path} ${mode} ${size} ${(mode & 0o40000) === 0 ? mtimeMs : ''}`;
    }),
  ];
}

test.skipIf(!isRoot)(
  'a disk that is full at four starts, and while it runs, costs nothing acknowledged',
  async () => {
    const first = await spillway.start();
    let accepted = await send(first.otlpHttp, 40);
    fill();
    await readyIs(first.console, 503, 'log: no space is left on the device');
    makeRoom();
    await readyIs(first.console, 200);
    accepted += await send(first.otlpHttp, 10);
    await spillway.end('SIGKILL');
    fill();
    const before = listing();
    for (let starts = 0; starts < 4; starts++) {
      await expect(spillway.start()).rejects.toThrow(
        /Cannot open the write store in \S+postgres: no space is left on the device.*start again/,
      );
      expect(spillway.exit?.code).toBe(2);
    }
    expect(listing()).toEqual(before);
    makeRoom();
    await spillway.start();
    const { code, stdout } = await audited();
    const { totals } = JSON.parse(stdout) as { totals: Record<string, number> };
    expect(code, stdout).toBe(0);
    expect(totals).toMatchObject({ accepted, stored: accepted, searchable: accepted });
  },
);

/** Until nothing waits any more. */
async function audited(): ReturnType<typeof runSpillway> {
  for (;;) {
    const answer = await runSpillway(['audit', '--json', '--data', dataDir]);
    if (answer.code !== 0) return answer;
    if (JSON.parse(answer.stdout).totals.waiting === 0) return answer;
    await sleep(200);
  }
}
