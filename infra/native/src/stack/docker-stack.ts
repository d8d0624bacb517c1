import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { run } from '../run.ts';
import type { KindName } from './kinds.ts';

const answerTimeoutMs = 10_000;

/** Whether an engine answers, and `docker compose` with it. */
export async function dockerAnswers(): Promise<boolean> {
  const ask = (...args: string[]) => run(['docker', ...args], { timeoutMs: answerTimeoutMs });
  try {
    await ask('info', '--format', '{{.ServerVersion}}');
    await ask('compose', 'version');
    return true;
  } catch {
    return false;
  }
}

/** Everything in docker-compose.yml, or only these servers; waits until they are healthy. */
export async function composeUp(only: readonly KindName[] | undefined): Promise<void> {
  const secrets = 'infra/docker/secrets';
  await access(secrets).catch(() => show('sh', ['infra/docker/make-secrets.sh']));
  await compose('up', '--build', '--wait', ...(only?.flatMap(servicesOf) ?? []));
}

export async function composeDown(only: readonly KindName[] | undefined): Promise<void> {
  await (only ? compose('stop', ...only.flatMap(servicesOf)) : compose('down'));
}

export async function composeStatus(): Promise<void> {
  await compose('ps', '--all');
}

function servicesOf(kind: KindName): string[] {
  return kind === 'kafka' ? ['kafka-1', 'kafka-2', 'kafka-3'] : [kind];
}

/** RabbitMQ is there only for those who ask for its profile. */
function compose(...args: string[]): Promise<void> {
  const profile =
    args.includes('up') && !args.includes('rabbitmq') ? [] : ['--profile', 'rabbitmq'];
  return show('docker', ['compose', ...profile, ...args]);
}

async function show(program: string, args: readonly string[]): Promise<void> {
  const [code] = await once(spawn(program, args, { stdio: 'inherit' }), 'exit');
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}`);
}
