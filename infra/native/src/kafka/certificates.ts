import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findPrograms } from '../packages.ts';
import { run } from '../run.ts';

export interface Certificates {
  /** The certificate of the authority, which clients trust. */
  caFile: string;
  /** The server's key and its certificate, one after the other: Kafka's PEM key store. */
  keyStoreFile: string;
}

const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
const days = ['-days', '30'];
const opensslTimeoutMs = 30_000;

/** An authority of our own, and a certificate by it for 127.0.0.1 and localhost. */
export async function makeCertificates(dir: string): Promise<Certificates> {
  const [openssl = ''] = await findPrograms([{ name: 'openssl', debianPackage: 'openssl' }]);
  const make = (...args: string[]) =>
    run([openssl, ...args], { cwd: dir, timeoutMs: opensslTimeoutMs });
  const ca = ['-subj', '/CN=Spillway test authority', '-keyout', 'ca.key', '-out', 'ca.pem'];
  const isAuthority = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
  await make('req', '-x509', ...key, ...days, ...ca, ...isAuthority);
  await make(
    'req',
    ...key,
    '-subj',
    '/CN=localhost',
    '-keyout',
    'server.key',
    '-out',
    'server.csr',
  );
  await writeFile(join(dir, 'names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  const signer = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names'];
  await make('x509', '-req', '-in', 'server.csr', ...days, ...signer, '-out', 'server.pem');
  const parts = ['server.key', 'server.pem', 'ca.pem'].map((file) => readFile(join(dir, file)));
  const keyStoreFile = join(dir, 'keystore.pem');
  await writeFile(keyStoreFile, Buffer.concat(await Promise.all(parts)), { mode: 0o600 });
  return { caFile: join(dir, 'ca.pem'), keyStoreFile };
}
