import { readFile } from 'node:fs/promises';
import { type ConnectionOptions, checkServerIdentity } from 'node:tls';
import type { ClientConfig } from 'pg';
import type { PostgresSection } from '../config.ts';

const keepAliveDelayMs = 10_000;

/** How pg connects. Reads the files of TLS now; the password's at each new connection. */
export async function connectionOf(section: PostgresSection): Promise<ClientConfig> {
  const url = new URL(section.url);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const { passwordFile } = section;
  const password = section.password ?? decodeURIComponent(url.password);
  return {
    host,
    port: Number(url.port || 5_432),
    database: decodeURIComponent(url.pathname.slice(1)),
    user: section.user ?? decodeURIComponent(url.username),
    password: passwordFile
      ? async () => (await readFile(passwordFile, 'utf8')).trimEnd()
      : password,
    ssl: section.tls.enabled ? await tlsOf(section.tls, host) : false,
    application_name: 'spillway',
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveDelayMs,
  };
}

async function tlsOf(
  { caFile, certFile, keyFile, serverName }: PostgresSection['tls'],
  host: string,
): Promise<ConnectionOptions> {
  const [ca, cert, key] = await Promise.all(
    [caFile, certFile, keyFile].map((file) => (file ? readFile(file, 'utf8') : undefined)),
  );
  return {
    rejectUnauthorized: true,
    // Left to itself Node would take a certificate for `localhost` at any address without a name.
    checkServerIdentity: (_, certificate) => checkServerIdentity(serverName ?? host, certificate),
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
  };
}
