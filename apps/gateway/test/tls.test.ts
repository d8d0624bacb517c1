import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { credentials } from '@grpc/grpc-js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type TlsEvent, TlsFiles } from '../src/receive/tls-files.ts';
import { selfSigned } from './support/certificate.ts';
import { runGateway } from './support/gateway.ts';
import { call, grpcClient } from './support/grpc.ts';
import { protobufRequest } from './support/requests.ts';

const body = protobufRequest('traces');

describe('TLS', () => {
  it('is on both doors when a certificate is given', async () => {
    const { files, cert } = await certificateFiles('first');
    const { http, grpc } = await runGateway({ config: files });
    expect(await post(http, cert)).toEqual({ status: 200, subject: 'first' });
    const client = grpcClient(grpc.replace('127.0.0.1', 'localhost'), {
      tls: credentials.createSsl(Buffer.from(cert)),
    });
    expect((await call(client, { body })).code).toBe(0);
  });

  it('takes up a renewed certificate, and keeps the old one while the files do not fit', async () => {
    const { files } = await certificateFiles('first');
    const events: TlsEvent[] = [];
    const used: string[] = [];
    const tls = new TlsFiles({ ...files, report: (event) => events.push(event) });
    tls.follow(({ cert }) => used.push(cert));
    await tls.start();
    const next = selfSigned('second');
    await writeFile(files.certFile, next.cert);
    await tls.refresh();
    await tls.refresh();
    await writeFile(files.keyFile, next.key);
    await tls.refresh();
    tls.stop();
    expect(events.map(({ type }) => type)).toEqual([
      'certificate-loaded',
      'certificate-kept',
      'certificate-loaded',
    ]);
    expect([used.length, used[1]]).toEqual([2, next.cert]);
  });

  it('refuses to start on a certificate without its key, or files that are none', async () => {
    const { files } = await certificateFiles('first');
    await expect(runGateway({ config: { ...files, keyFile: '' } })).rejects.toThrow(
      'gateway.keyFile: wanted a certificate and its key, or neither',
    );
    await writeFile(files.keyFile, 'nothing');
    await expect(runGateway({ config: files })).rejects.toThrow('gateway.certFile: wanted');
  });
});

async function certificateFiles(name: string) {
  const dir = await mkdtemp(join(tmpdir(), 'gateway-tls-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const files = { certFile: join(dir, 'tls.crt'), keyFile: join(dir, 'tls.key') };
  const { cert, key } = selfSigned(name);
  await writeFile(files.certFile, cert);
  await writeFile(files.keyFile, key);
  return { files, cert };
}

function post(address: string, ca: string): Promise<{ status: number; subject: string }> {
  const [, port] = address.split(':');
  const headers = { 'content-type': 'application/x-protobuf' };
  const options = { host: '127.0.0.1', servername: 'localhost', port, ca, headers };
  return new Promise((resolve, reject) => {
    const req = request({ ...options, path: '/v1/traces', method: 'POST', agent: false }, (res) => {
      const { subject } = (res.socket as TLSSocket).getPeerCertificate();
      res.resume();
      res.on('end', () => resolve({ status: res.statusCode ?? 0, subject: String(subject.CN) }));
    });
    req.on('error', reject);
    req.end(body);
  });
}
