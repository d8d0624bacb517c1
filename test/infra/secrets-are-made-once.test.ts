import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readCompose } from './src/compose.ts';
import { pathOf, textOf } from './src/repository.ts';

const dir = join(mkdtempSync(join(tmpdir(), 'spillway-secrets-')), 'secrets');
const script = pathOf('infra/docker/make-secrets.sh');
afterAll(() => rmSync(join(dir, '..'), { recursive: true }));

function make(): Record<string, string> {
  execFileSync('sh', [script, dir], { stdio: 'pipe' });
  return Object.fromEntries(
    readdirSync(dir).map((name) => [name, readFileSync(join(dir, name), 'utf8')]),
  );
}

it('makes every secret of docker-compose.yml, for its owner on this machine', () => {
  const made = make();
  const wanted = Object.values(readCompose().file.secrets).map(({ file }) => basename(file));
  expect(Object.keys(made).sort()).toEqual(wanted.sort());
  expect(statSync(dir).mode & 0o777).toBe(0o700);
  const passwords = Object.entries(made).filter(([name]) => name.endsWith('-password'));
  for (const [, password] of passwords) expect(password).toMatch(/^[0-9a-f]{48}$/);
  expect(new Set(passwords.map(([, password]) => password)).size).toBe(passwords.length);
  expect(made['redis.conf']).toBe(`requirepass ${made['redis-password']}\n`);
  expect(made['rabbitmq.conf']).toContain(`default_pass = ${made['rabbitmq-password']}\n`);
});

it('keeps what is there, and makes what is missing of it', () => {
  const before = make();
  rmSync(join(dir, 'redis.conf'));
  expect(make()).toEqual(before);
});

it('is where git does not look', () => {
  const { secrets } = readCompose().file;
  for (const { file } of Object.values(secrets))
    expect(file).toMatch(/^\.\/infra\/docker\/secrets\//);
  expect(textOf('infra/docker/.gitignore').split('\n')).toContain('secrets/');
});
