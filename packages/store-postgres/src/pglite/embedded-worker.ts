/** PGlite blocks its thread while it works, so it has this one to itself. */
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite, types } from '@electric-sql/pglite';
import { NodeFS } from '@electric-sql/pglite/nodefs';
import type { Answer, Request, WorkerOptions } from './embedded-protocol.ts';
import { unpackSnapshot } from './snapshot.ts';

const textOid = 25;

/** bigint[] and double precision[], which PGlite does not name. */
const arrayOids = [1016, 1022];

/** Results stay as PostgreSQL prints them. */
const asPrinted = Object.fromEntries(
  [...Object.values(types), ...arrayOids]
    .filter((oid) => typeof oid === 'number')
    .map((oid) => [oid, (value: string) => value]),
);

const { dir, fresh, settings } = workerData as WorkerOptions;
const port = parentPort;
if (!port) throw new Error('embedded-worker runs in a worker thread');

/** What PostgreSQL said before it gave up; PGlite itself only says that it did. */
const lastWords: string[] = [];
const lastWordsMax = 4;

function listen(line: string): void {
  if (!/(FATAL|PANIC|DETAIL):/.test(line)) return;
  lastWords.push(line.replace(/^.*?(FATAL|PANIC|DETAIL):\s+/, '$1: '));
  if (lastWords.length > lastWordsMax) lastWords.shift();
}

function withLastWords(message: string): string {
  return [message, ...lastWords].join('; ');
}

class WatchedNodeFS extends NodeFS {
  override init(...[pg, options]: Parameters<NodeFS['init']>): ReturnType<NodeFS['init']> {
    return super.init(pg, { ...options, printErr: listen });
  }
}

if (fresh) await unpackSnapshot(dir);

const db = await PGlite.create({
  fs: new WatchedNodeFS(dir),
  startParams: [...PGlite.defaultStartParams, ...settings.flatMap((setting) => ['-c', setting])],
}).catch((error: Error) => {
  throw new Error(withLastWords(error.message), { cause: error });
});

async function perform(request: Request): Promise<Answer['result']> {
  if (request.type === 'close') {
    await db.close();
    return undefined;
  }
  if (request.type === 'script') {
    await db.exec(request.sql);
    return undefined;
  }
  const { sql, params } = request;
  const { rows, rowCount, affectedRows } = await db.query(sql, params, {
    rowMode: 'array',
    parsers: asPrinted,
    paramTypes: params.map(() => textOid),
  });
  const count = rowCount ?? affectedRows ?? rows.length;
  return { rows: rows as (string | null)[][], count };
}

async function answer(request: Request): Promise<void> {
  try {
    port?.postMessage({ id: request.id, result: await perform(request) });
  } catch (error) {
    const { message, code } = error as Error & { code?: unknown };
    const isDatabases = typeof code === 'string';
    port?.postMessage({
      id: request.id,
      error: isDatabases ? { message, code } : { message: withLastWords(message) },
    });
  }
  if (request.type === 'close') port?.close();
}

port.on('message', (request: Request) => void answer(request));
port.postMessage({ id: 0 });
