import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDataFolder } from './data-folder.ts';
import {
  classPath,
  type JavaInstallation,
  jar,
  jarsOf,
  java,
  javac,
  quickStart,
  sharedClasses,
} from './java.ts';
import { startIn } from './lifetime.ts';
import { NativeProcess } from './native-process.ts';
import { findPrograms } from './packages.ts';
import { freePort } from './ports.ts';
import { run } from './run.ts';
import type { NativeServer, Placement } from './server.ts';

/** Options of a node of Elasticsearch. */
export interface ElasticsearchOptions extends Placement {
  /** Settings of elasticsearch.yml. */
  config?: Readonly<Record<string, string>>;
}

/** A running node of Elasticsearch. */
export interface ElasticsearchServer {
  url: string;
  server: NativeServer;
  /** Ends it and deletes its data. */
  remove(): Promise<void>;
}

const pom = fileURLToPath(new URL('../elasticsearch/pom.xml', import.meta.url));
const sources = fileURLToPath(new URL('../elasticsearch/src', import.meta.url));
const mainClass = 'org.elasticsearch.node.SpillwayNode';
const compileTimeoutMs = 180_000;
const startTimeoutMs = 180_000;

/**
 * One Elasticsearch 8.19 node, made of its jars: without scripts, ILM, security, _reindex and
 * _delete_by_query, which are modules of the distribution. `ports`: HTTP.
 */
export async function startElasticsearch(
  options: ElasticsearchOptions = {},
): Promise<ElasticsearchServer> {
  const installation = await install();
  const shared = await sharedClasses(installation, async (training) => {
    const { server, remove } = await launch(installation, training, {});
    await server.stop();
    await remove();
  });
  return launch(installation, shared, options);
}

async function launch(
  { program, options: javaOptions }: JavaInstallation,
  more: readonly string[],
  options: ElasticsearchOptions,
): Promise<ElasticsearchServer> {
  const port = await freePort(options.ports?.[0]);
  const folder = await openDataFolder('elasticsearch', options);
  const settings = {
    'http.port': port,
    'transport.port': 0,
    // On a disk that is nearly full it would make every index read-only.
    'cluster.routing.allocation.disk.threshold_enabled': false,
    ...options.config,
  };
  const pairs = Object.entries(settings).map((pair) => pair.join('='));
  const server = new NativeProcess({
    name: 'elasticsearch',
    address: `127.0.0.1:${port}`,
    command: [program, ...more, ...javaOptions, mainClass, folder.dir, ...pairs],
    dir: folder.dir,
    stopSignal: 'SIGTERM',
    answers: () => elasticsearchAnswers(port),
    startTimeoutMs,
    outlive: options.outlive,
  });
  const remove = await startIn(folder, [server], () => server.start());
  return { url: `http://${server.address}`, server, remove };
}

async function install(): Promise<JavaInstallation> {
  const [program = ''] = await findPrograms([java]);
  const files = (await readdir(sources, { recursive: true })).filter((file) =>
    file.endsWith('.java'),
  );
  const paths = files.sort().map((file) => join(sources, file));
  const recipe = `jar\n${(await Promise.all(paths.map((path) => readFile(path, 'utf8')))).join('')}`;
  const dir = await jarsOf(pom, { recipe, finish: (draft) => compile(draft, paths) });
  const path = await classPath(join(dir, 'lib'));
  return { dir, program, options: ['-Xms512m', '-Xmx512m', ...quickStart, '-cp', path] };
}

async function compile(dir: string, paths: readonly string[]): Promise<void> {
  const [compiler = '', archiver = ''] = await findPrograms([javac, jar]);
  const [lib, classes] = [join(dir, 'lib'), join(dir, 'classes')];
  const options = { cwd: dir, timeoutMs: compileTimeoutMs };
  await run([compiler, '-nowarn', '-d', classes, '-cp', await classPath(lib), ...paths], options);
  // Class archives are made of jars only.
  await run(
    [archiver, '--create', '--file', join(lib, 'spillway.jar'), '-C', classes, '.'],
    options,
  );
}

/** Whether all primary shards can be used. */
export async function elasticsearchAnswers(port: number): Promise<boolean> {
  const wait = 'wait_for_status=yellow&timeout=1s';
  const response = await fetch(`http://127.0.0.1:${port}/_cluster/health?${wait}`);
  await response.body?.cancel();
  return response.ok;
}
