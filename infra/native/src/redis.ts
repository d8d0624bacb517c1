import { ask } from './ask.ts';
import { openDataFolder } from './data-folder.ts';
import { startIn } from './lifetime.ts';
import { NativeProcess } from './native-process.ts';
import { findPrograms } from './packages.ts';
import { freePort } from './ports.ts';
import type { NativeServer, Placement } from './server.ts';

/** Options of a Redis server. */
export interface RedisOptions extends Placement {
  /** Arguments of redis-server, such as `['--maxmemory', '64mb']`. */
  config?: readonly string[];
}

/** A running Redis server. */
export interface RedisServer {
  url: string;
  server: NativeServer;
  /** Ends it and deletes its data. */
  remove(): Promise<void>;
}

const startTimeoutMs = 30_000;

/** One Redis with an append-only file, so that data survive a kill. `ports`: its port. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const [program = ''] = await findPrograms([
    { name: 'redis-server', debianPackage: 'redis-server', units: ['redis-server'] },
  ]);
  const port = await freePort(options.ports?.[0]);
  const folder = await openDataFolder('redis', options);
  const listen = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder.dir];
  const keep = ['--save', '', '--appendonly', 'yes'];
  const server = new NativeProcess({
    name: 'redis',
    address: `127.0.0.1:${port}`,
    command: [program, ...listen, ...keep, ...(options.config ?? [])],
    dir: folder.dir,
    stopSignal: 'SIGTERM',
    answers: () => redisAnswers(port),
    startTimeoutMs,
    outlive: options.outlive,
  });
  const remove = await startIn(folder, [server], () => server.start());
  return { url: `redis://${server.address}`, server, remove };
}

/** Whether it takes commands. */
export async function redisAnswers(port: number): Promise<boolean> {
  const isWhole = (answer: Buffer) => answer.includes('\r\n');
  const answer = await ask({ port, send: 'PING\r\n', isWhole });
  // A server that wants a password says so once it has loaded its data.
  return answer.toString().startsWith('+PONG') || answer.toString().startsWith('-NOAUTH');
}
