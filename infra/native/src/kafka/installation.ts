import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { classPath, jarsOf, java, quickStart } from '../java.ts';
import { findPrograms } from '../packages.ts';
import { formatOnce } from './format.ts';

export interface KafkaInstallation {
  /** `java` with its options, ready for the name of a main class. */
  java: readonly [string, ...string[]];
  /** A data folder as Kafka's formatter leaves it, without users. */
  formatted: string;
}

const pom = fileURLToPath(new URL('../../kafka/pom.xml', import.meta.url));

export async function installKafka(): Promise<KafkaInstallation> {
  const [program = ''] = await findPrograms([java]);
  const command = async (dir: string) => {
    const path = await classPath(join(dir, 'lib'));
    return [program, '-Xms256m', '-Xmx512m', ...quickStart, '-cp', path] as const;
  };
  const dir = await jarsOf(pom, {
    finish: async (draft) => {
      await formatOnce(draft, { java: await command(draft) });
    },
  });
  return { java: await command(dir), formatted: join(dir, 'formatted') };
}
