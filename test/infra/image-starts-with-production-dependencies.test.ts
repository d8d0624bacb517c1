/** What infra/docker/Dockerfile builds, built without Docker. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { wordsOf } from './src/dockerfile.ts';
import { type Image, replayDockerfile } from './src/replay-dockerfile.ts';

const run = promisify(execFile);
/** Two installations, from npm's cache or its registry. */
const buildTimeoutMs = 400_000;
const dir = mkdtempSync(join(tmpdir(), 'spillway-image-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let image: Image;
beforeAll(async () => {
  image = await replayDockerfile('infra/docker/Dockerfile', dir);
}, buildTimeoutMs);

/** A command of the image with its paths as they are here, and this Node as its node. */
function commandOf(words: readonly string[]): [string, ...string[]] {
  const [program = '', ...args] = words.map((word) =>
    word.startsWith('/app/') ? image.path(word) : word,
  );
  return [program === 'node' ? process.execPath : program, ...args];
}

function spillway(...words: string[]): [string, ...string[]] {
  return commandOf([...wordsOf(image.stage, 'ENTRYPOINT'), ...words]);
}

it('has the page and the source, no test and no development dependency', () => {
  expect(existsSync(image.path('/app/apps/console/dist/index.html'))).toBe(true);
  const ours = { cwd: image.path('/app'), exclude: (name: string) => name === 'node_modules' };
  expect(globSync('{apps,packages}/**/*.test.ts', ours)).toEqual([]);
  const installed = readdirSync(image.path('/app/node_modules'));
  const { devDependencies } = JSON.parse(readFileSync(image.path('/app/package.json'), 'utf8'));
  for (const name of Object.keys(devDependencies)) expect(installed).not.toContain(name);
  expect(installed).not.toContain('vite');
  const sdk = readdirSync(image.path('/app/node_modules/@opentelemetry'));
  // What the client of Elasticsearch brings along is no SDK.
  expect(sdk.filter((name) => /sdk|exporter|otlp|resources/.test(name))).toEqual([]);
});

it.each([
  ['send', '--traces', '1'],
  ['up', '--demo', '--data', join(dir, 'demo')],
])('says what is missing for what is not of production: %s', async (...words) => {
  const [program, ...args] = spillway(...words);
  const failed = await run(program, args).catch((error: { code: number; stderr: string }) => error);
  expect(failed).toMatchObject({ code: 2 });
  expect(failed.stderr).toMatch(/needs @spillway\/(load|demo), which is not installed: .*`npm ci`/);
});

it('starts, is seen to live, serves the page, and stops when told', async () => {
  const ports = ['--gateway.httpPort=0', '--gateway.grpcPort=0', '--console.port=0'];
  const data = join(dir, 'data');
  const [program, ...args] = spillway(...wordsOf(image.stage, 'CMD'), '--data', data, ...ports);
  const child = spawn(program, args, { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (output += part));
  try {
    const ended = once(child, 'exit');
    while (!/Spillway is ready/.test(output)) {
      if (child.exitCode !== null) throw new Error(output);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const [, page = ''] = /Console\s+(http:\S+)/.exec(output) ?? [];
    expect(await (await fetch(page)).text()).toContain('<script type="module"');
    const env = { ...process.env, SPILLWAY_CONSOLE_PORT: new URL(page).port };
    const check = commandOf(wordsOf(image.stage, 'HEALTHCHECK'));
    await run(check[0], check.slice(1), { env });
    child.kill('SIGTERM');
    expect((await ended)[0]).toBe(0);
    await expect(run(check[0], check.slice(1), { env })).rejects.toThrow('ECONNREFUSED');
  } finally {
    child.kill('SIGKILL');
  }
});

it('makes keys that its gateways take, once', async () => {
  const [keys, texts] = ['/keys', '/key-texts'].map((path) => image.path(path)) as [string, string];
  const script = image.path('/app/infra/docker/make-keys.sh');
  const PATH = `${dirname(process.execPath)}:${process.env.PATH}`;
  const env = { ...process.env, PATH, SPILLWAY_COMMAND: spillway().join(' ') };
  await run('sh', [script, keys, texts], { env });
  const made = readFileSync(join(keys, 'keys.yaml'), 'utf8');
  const { KeyRing } = await import('@spillway/keys');
  const ring = new KeyRing({ file: join(keys, 'keys.yaml'), configKey: 'gateway.keysFile' });
  await ring.refresh();
  const scopesOf = (name: string): readonly string[] | undefined =>
    ring.find(readFileSync(join(texts, `${name}.key`), 'utf8').trim())?.scopes;
  expect([scopesOf('ingest'), scopesOf('query')]).toEqual([['ingest'], ['query', 'admin']]);
  await run('sh', [script, keys, texts], { env });
  expect(readFileSync(join(keys, 'keys.yaml'), 'utf8')).toBe(made);
});
