import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PostgresServer, startPostgres } from '@spillway/native';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { postgresSection } from '../src/index.ts';
import { newStore, startStore } from './server.ts';

const dir = mkdtempSync(join(tmpdir(), 'postgres-tls-'));
const file = (name: string) => join(dir, name);
let server: PostgresServer;

beforeAll(async () => {
  makeCertificates();
  server = await startPostgres({
    config: { ssl: 'on', ssl_cert_file: file('server.crt'), ssl_key_file: file('server.key') },
  });
});
afterAll(async () => {
  await server.remove();
  rmSync(dir, { recursive: true });
});

const tls = (over: object) => postgresSection.parse({ tls: { enabled: true, ...over } }).tls;

test('speaks TLS with a server whose authority and name are right', async () => {
  const store = await startStore(server.url, {
    tls: tls({ caFile: file('ca.crt'), serverName: 'db.example' }),
  });
  expect(store.health().ok).toBe(true);
});

test.each([
  { name: 'an authority that is not trusted', over: { serverName: 'db.example' } },
  { name: 'the certificate of another name', over: { caFile: file('ca.crt') } },
])('refuses $name', async ({ over }) => {
  await expect(newStore(server.url, { tls: tls(over) }).start()).rejects.toThrow(
    /certificate|altnames/i,
  );
});

test('reads the password from its file again for each connection', async () => {
  const { password, href } = new URL(server.url);
  const bare = href.replace(`:${password}@`, '@');
  writeFileSync(file('password'), 'wrong\n');
  const store = newStore(bare, { passwordFile: file('password') });
  await expect(store.start()).rejects.toThrow(/password authentication failed/);
  writeFileSync(file('password'), `${password}\n`);
  await store.start();
  await store.stop();
});

test('a URL with parameters is refused: what they say has keys of its own', () => {
  const parse = (url: string) => postgresSection.safeParse({ url }).success;
  expect(parse('postgres://me@[::1]:5433/spillway')).toBe(true);
  expect(parse('postgres://localhost/spillway?sslmode=disable')).toBe(false);
  expect(parse('postgres://localhost/')).toBe(false);
  expect(parse('http://localhost/spillway')).toBe(false);
});

/** For a server called `db.example`, by an authority of our own. */
function makeCertificates(): void {
  const command = 'openssl';
  const openssl = (...args: string[]) => execFileSync(command, args, { cwd: dir, stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=test CA');
  openssl('req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=db.example');
  writeFileSync(file('names'), 'subjectAltName=DNS:db.example');
  const by = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names'];
  openssl('x509', '-req', '-in', 'server.csr', '-out', 'server.crt', ...by);
  chmodSync(dir, 0o755);
  chmodSync(file('server.key'), 0o600);
  // PostgreSQL does not run as root, and takes a key that is its own.
  if (process.getuid?.() === 0) {
    const [uid, gid] = ['-u', '-g'].map((of) => Number(execFileSync('id', [of, 'postgres'])));
    chownSync(file('server.key'), uid as number, gid as number);
  }
}
