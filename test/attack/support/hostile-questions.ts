import { once } from 'node:events';
import type { Socket } from 'node:net';
import { openSocket } from './hostile-clients.ts';
import { ask, type Target } from './target.ts';

export async function dial(target: Target): Promise<Socket> {
  const socket = openSocket(target, target.addresses.console);
  await once(socket, 'connect');
  return socket;
}

export function requestOf({ evilKey }: Target, path: string): string {
  const authorization = `Authorization: Bearer ${evilKey}`;
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${authorization}\r\n\r\n`;
}

/** Ranges that no calendar has. */
export const endlessTimes = [
  '/api/logs/histogram?to=now%2B999999999999w',
  '/api/logs/histogram?from=now-999999999999w',
  '/api/metrics/query?name=x&step=999999999999w',
  '/api/ledger?since=now-999999999999w',
];

/** Thousands of requests on one connection, while `meanwhile` runs. */
export async function pipeline(
  target: Target,
  path: string,
  meanwhile: () => Promise<void>,
): Promise<void> {
  const socket = await dial(target);
  socket.resume().write(requestOf(target, path).repeat(3_000));
  await meanwhile();
  socket.destroy();
}

/** Hundreds of questions at once; resolves with the statuses, each once. */
export async function flood(target: Target, path: string, questions: number): Promise<number[]> {
  const answers = await Promise.all(
    Array.from({ length: questions }, () => ask(target, path).then(({ status }) => status)),
  );
  return [...new Set(answers)];
}
