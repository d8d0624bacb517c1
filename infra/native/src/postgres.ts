import { randomUUID } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ask } from './ask.ts';
import { exists } from './cache.ts';
import { as, openDataFolder, unlessRoot } from './data-folder.ts';
import { startIn } from './lifetime.ts';
import { NativeProcess } from './native-process.ts';
import { findPrograms } from './packages.ts';
import { freePort } from './ports.ts';
import { run } from './run.ts';
import type { NativeServer, Placement } from './server.ts';

/** Options of a PostgreSQL server. */
export interface PostgresOptions extends Placement {
  /** Settings of postgresql.conf. */
  config?: Readonly<Record<string, string>>;
}

/** A running PostgreSQL server. */
export interface PostgresServer {
  /** Its superuser's, to the database `spillway`. */
  url: string;
  server: NativeServer;
  /** Resolves with the URL of a fresh, empty database. */
  createDatabase(): Promise<string>;
  /** Ends it and deletes its data. */
  remove(): Promise<void>;
}

const user = 'spillway';
const password = 'spillway';
const startTimeoutMs = 60_000;
const commandTimeoutMs = 60_000;

/** One PostgreSQL with its defaults, fsync included. `ports`: its port. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const [postgres = '', initdb = '', createdb = ''] = await findPostgres();
  const port = await freePort(options.ports?.[0]);
  const folder = await openDataFolder('postgres', options, unlessRoot('postgres'));
  const data = join(folder.dir, 'data');
  const listen = { port: String(port), listen_addresses: '127.0.0.1', unix_socket_directories: '' };
  const settings = Object.entries({ ...listen, ...options.config });
  const server = new NativeProcess({
    name: 'postgres',
    address: `127.0.0.1:${port}`,
    command: [
      postgres,
      '-D',
      data,
      ...settings.flatMap(([key, value]) => ['-c', `${key}=${value}`]),
    ],
    dir: folder.dir,
    user: unlessRoot('postgres'),
    stopSignal: 'SIGINT', // "fast": it ends the sessions of clients and writes a checkpoint
    answers: () => postgresAnswers(port),
    startTimeoutMs,
    outlive: options.outlive,
  });
  async function createDatabase(name = `test_${randomUUID().replaceAll('-', '')}`) {
    const where = ['-h', '127.0.0.1', '-p', String(port), '-U', user, '--maintenance-db=postgres'];
    const env = { PGPASSWORD: password };
    await run([createdb, ...where, name], { env, timeoutMs: commandTimeoutMs });
    return `postgres://${user}:${password}@${server.address}/${name}`;
  }
  const remove = await startIn(folder, [server], async () => {
    const isNew = !(await exists(data));
    if (isNew) await initialise(initdb, folder.dir);
    await server.start();
    if (isNew) await createDatabase(user);
  });
  const url = `postgres://${user}:${password}@${server.address}/${user}`;
  return { url, server, createDatabase: () => createDatabase(), remove };
}

async function initialise(initdb: string, dir: string): Promise<void> {
  const passwordFile = join(dir, 'password');
  await writeFile(passwordFile, password);
  const account = [`--username=${user}`, '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  const form = ['--encoding=UTF8', '--locale=C', '--no-sync', `--pgdata=${join(dir, 'data')}`];
  const who = as(unlessRoot('postgres'));
  const command = [...who, initdb, ...account, ...form] as [string, ...string[]];
  await run(command, { cwd: dir, timeoutMs: commandTimeoutMs });
}

function findPostgres(): Promise<string[]> {
  const of = { debianPackage: 'postgresql', folders: versionFolders, units: ['postgresql'] };
  return findPrograms(['postgres', 'initdb', 'createdb'].map((name) => ({ name, ...of })));
}

/** Debian keeps each major version in a folder of its own, out of PATH: the newest first. */
async function versionFolders(): Promise<string[]> {
  const root = '/usr/lib/postgresql';
  const versions = (await readdir(root).catch(() => [])).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(root, version, 'bin'));
}

/** Sends a StartupMessage; a server that still recovers answers with an error instead. */
export async function postgresAnswers(port: number): Promise<boolean> {
  const text = Buffer.from(`user\0${user}\0database\0postgres\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(head.length + text.length, 0);
  head.writeInt32BE(3 << 16, 4); // protocol 3.0
  const send = Buffer.concat([head, text]);
  const answer = await ask({ port, send, isWhole: ({ length }) => length > 0 });
  return answer.toString('latin1', 0, 1) === 'R'; // an authentication request
}
