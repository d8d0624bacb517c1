import { Connection } from '@platformatic/kafka';
import { unreachable } from '../errors.ts';
import { connectionOptions } from '../platformatic/connections.ts';
import type { Security } from '../security.ts';

export interface Address {
  host: string;
  port: number;
}

export interface OpenOptions {
  clientId: string;
  security: Security;
  connectTimeoutMs: number;
  requestTimeoutMs: number;
}

/** Connects and logs in; names are resolved again each time. Rejects with KafkaError. */
export async function openConnection(
  { host, port }: Address,
  { clientId, security, ...timeouts }: OpenOptions,
): Promise<Connection> {
  const connection = new Connection(clientId, connectionOptions(security, timeouts));
  // Whoever uses it gets 'close'; an 'error' without a listener would end the process.
  connection.on('error', () => {});
  try {
    await connection.connect(host, port);
  } catch (error) {
    dropConnection(connection);
    throw unreachable(`${host}:${port}`, error);
  }
  return connection;
}

/** Closes a connection at once: what was not yet written never will be. */
export function dropConnection(connection: Connection): void {
  connection.socket?.destroy();
  connection.close(() => {}); // Stops its timers.
}
