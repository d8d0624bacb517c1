import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDataFolder } from './data-folder.ts';
import { classPath, jarsOf, java, javac, quickStart } from './java.ts';
import { startIn } from './lifetime.ts';
import { NativeProcess } from './native-process.ts';
import { findPrograms } from './packages.ts';
import { freePort } from './ports.ts';
import { run } from './run.ts';
import type { NativeServer, Placement } from './server.ts';

export interface ElasticsearchOptions extends Placement {
  /** Settings of elasticsearch.yml. */
  config?: Readonly<Record<string, string>>;
}

export interface ElasticsearchServer {
  url: string;
  server: NativeServer;
  /** Ends it and deletes its data. */
  remove(): Promise<void>;
}

const pom = fileURLToPath(new URL('../elasticsearch/pom.xml', import.meta.url));
const sources = fileURLToPath(new URL('../elasticsearch/src', import.meta.url));
const compileTimeoutMs = 180_000;
const startTimeoutMs = 180_000;

/**
 * One Elasticsearch 8.19 node, made of its jars: without scripts, ILM, security, _reindex and
 * _delete_by_query, which are modules of the distribution. `ports`: HTTP.
 */
export async function startElasticsearch(
  options: ElasticsearchOptions = {},
): Promise<ElasticsearchServer> {
  const command = await install();
  const port = await freePort(options.ports?.[0]);
  const folder = await openDataFolder('elasticsearch', options);
  const settings = {
    'http.port': port,
    'transport.port': 0,
    // On a disk that is nearly full it would make every index read-only.
    'cluster.routing.allocation.disk.threshold_enabled': false,
    ...options.config,
  };
  const server = new NativeProcess({
    name: 'elasticsearch',
    address: `127.0.0.1:${port}`,
    command: [...command, folder.dir, ...Object.entries(settings).map((pair) => pair.join('='))],
    dir: folder.dir,
    stopSignal: 'SIGTERM',
    answers: () => elasticsearchAnswers(port),
    startTimeoutMs,
    outlive: options.outlive,
  });
  const remove = await startIn(folder, [server], () => server.start());
  return { url: `http://${server.address}`, server, remove };
}

/** The command that starts a node, up to its own arguments. */
async function install(): Promise<[string, ...string[]]> {
  const [program = ''] = await findPrograms([java]);
  const files = (await readdir(sources, { recursive: true })).filter((file) =>
    file.endsWith('.java'),
  );
  const paths = files.sort().map((file) => join(sources, file));
  const recipe = (await Promise.all(paths.map((path) => readFile(path, 'utf8')))).join('');
  const dir = await jarsOf(pom, { recipe, finish: (draft) => compile(draft, paths) });
  const path = await classPath(join(dir, 'lib'), join(dir, 'classes'));
  const memory = ['-Xms512m', '-Xmx512m'];
  return [program, ...memory, ...quickStart, '-cp', path, 'org.elasticsearch.node.SpillwayNode'];
}

async function compile(dir: string, paths: readonly string[]): Promise<void> {
  const [program = ''] = await findPrograms([javac]);
  const to = ['-nowarn', '-d', join(dir, 'classes'), '-cp', await classPath(join(dir, 'lib'))];
  await run([program, ...to, ...paths], { cwd: dir, timeoutMs: compileTimeoutMs });
}

/** Whether all primary shards can be used. */
export async function elasticsearchAnswers(port: number): Promise<boolean> {
  const wait = 'wait_for_status=yellow&timeout=1s';
  const response = await fetch(`http://127.0.0.1:${port}/_cluster/health?${wait}`);
  await response.body?.cancel();
  return response.ok;
}
