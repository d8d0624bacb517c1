import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../cache.ts';
import type { JavaInstallation } from '../java.ts';
import { run } from '../run.ts';
import { type KafkaNode, type KafkaSecrets, serverProperties } from './properties.ts';

const formatTimeoutMs = 120_000;
const checkpoint = 'bootstrap.checkpoint';

/**
 * Runs Kafka's own formatter into `<dir>/formatted`. The checkpoint that it leaves (feature levels,
 * users) is the same for every node and cluster, and it costs a second of CPU time: once is enough.
 */
export async function formatOnce(
  dir: string,
  { installation, secrets }: { installation: JavaInstallation; secrets?: KafkaSecrets },
): Promise<string> {
  const ports = { clientPort: 1, internalPort: 2, controllerPort: 3 };
  const node: KafkaNode = { id: 1, ...ports, advertised: '127.0.0.1:1' };
  const formatted = join(dir, 'formatted');
  const properties = join(dir, 'format.properties');
  const settings = { node, nodes: [node], dataDir: formatted, config: {} };
  await writeFile(properties, serverProperties(settings));
  const users = secrets ? ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap(scram(secrets)) : [];
  const what = ['format', '-c', properties, '-t', kafkaUuid(), ...users];
  const { program, options } = installation;
  const command = [program, ...options, 'kafka.tools.StorageTool', ...what] as const;
  await run(command, { cwd: dir, timeoutMs: formatTimeoutMs });
  return formatted;
}

/** Makes an empty data folder for each node, of one new cluster. Folders in use stay as they are. */
export async function formatNodes(
  formatted: string,
  nodes: readonly { id: number; dataDir: string }[],
): Promise<void> {
  const clusterId = kafkaUuid();
  for (const { id, dataDir } of nodes) {
    if (await exists(join(dataDir, 'meta.properties'))) continue;
    await mkdir(dataDir, { recursive: true });
    await copyFile(join(formatted, checkpoint), join(dataDir, checkpoint));
    const meta = {
      version: 1,
      'node.id': id,
      'directory.id': kafkaUuid(),
      'cluster.id': clusterId,
    };
    const lines = Object.entries(meta).map(([key, value]) => `${key}=${value}\n`);
    await writeFile(join(dataDir, 'meta.properties'), lines.join(''));
  }
}

const scram =
  ({ username, password }: KafkaSecrets) =>
  (mechanism: string) => ['--add-scram', `${mechanism}=[name=${username},password=${password}]`];

/** 16 bytes in base64url; Kafka's own never begin with a dash, which tools take for an option. */
function kafkaUuid(): string {
  const id = randomBytes(16).toString('base64url');
  return id.startsWith('-') ? kafkaUuid() : id;
}
