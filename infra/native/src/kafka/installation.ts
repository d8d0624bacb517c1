import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { classPath, type JavaInstallation, jarsOf, java, quickStart } from '../java.ts';
import { findPrograms } from '../packages.ts';
import { formatOnce } from './format.ts';

export interface KafkaInstallation extends JavaInstallation {
  /** A data folder as Kafka's formatter leaves it, without users. */
  formatted: string;
}

const pom = fileURLToPath(new URL('../../kafka/pom.xml', import.meta.url));

export async function installKafka(): Promise<KafkaInstallation> {
  const [program = ''] = await findPrograms([java]);
  const at = async (dir: string): Promise<JavaInstallation> => {
    const path = await classPath(join(dir, 'lib'));
    return { dir, program, options: ['-Xms256m', '-Xmx512m', ...quickStart, '-cp', path] };
  };
  const dir = await jarsOf(pom, {
    finish: async (draft) => {
      await formatOnce(draft, { installation: await at(draft) });
    },
  });
  return { ...(await at(dir)), formatted: join(dir, 'formatted') };
}
