import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { KafkaSection } from './config.ts';
import { KafkaError } from './errors.ts';

/** What a connection needs beside its address; files are read, nothing is left to look up. */
export interface Security {
  tls: Pick<TlsOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized'> | undefined;
  sasl: Login | undefined;
  /** Whether brokers are named: an address is no server name of TLS (RFC 6066, section 3). */
  named: boolean;
}

export interface Login {
  mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  username: string;
  password: string;
}

/** Reads the files that the section names; throws KafkaError 'config' with the key and the path. */
export async function readSecurity(
  section: Pick<KafkaSection, 'tls' | 'sasl' | 'bootstrap'>,
): Promise<Security> {
  const { tls, sasl, bootstrap } = section;
  const named = bootstrap.some((one) => isIP(hostOf(one)) === 0);
  return {
    named,
    tls: tls.enabled
      ? {
          rejectUnauthorized: true,
          ...(tls.caFile === undefined ? {} : { ca: await text('tls.caFile', tls.caFile) }),
          ...(tls.certFile === undefined ? {} : { cert: await text('tls.certFile', tls.certFile) }),
          ...(tls.keyFile === undefined ? {} : { key: await text('tls.keyFile', tls.keyFile) }),
        }
      : undefined,
    sasl:
      sasl.mechanism === 'none'
        ? undefined
        : {
            mechanism: sasl.mechanism,
            username: sasl.username,
            password:
              sasl.password ?? (await text('sasl.passwordFile', sasl.passwordFile)).trimEnd(),
          },
  };
}

export function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':')).replace(/^\[|\]$/g, '');
}

async function text(key: string, path: string | undefined): Promise<string> {
  try {
    return await readFile(path ?? '', 'utf8');
  } catch (cause) {
    throw new KafkaError('config', `broker.kafka.${key}: cannot read ${path}`, { cause });
  }
}
