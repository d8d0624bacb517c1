import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { topicOf } from '@spillway/broker';
import { createKey } from '@spillway/keys';
import { encodeStatus, signals } from '@spillway/otlp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { openBroker, readAll, recordsOf, runGateway, withPublish } from './support/gateway.ts';
import { call, framed, grpcClient, gzip, rawCall } from './support/grpc.ts';
import { protobufRequest } from './support/requests.ts';

const retryInfo = 'google.rpc.RetryInfo';
const body = protobufRequest('traces', { records: 3 });

describe('OTLP/gRPC', () => {
  it.each(signals)('answers OK for %s once all is durable', async (signal) => {
    const { grpc, broker } = await runGateway();
    const request = protobufRequest(signal, { records: 9, groups: 3 });
    const answer = await call(grpcClient(grpc), { signal, body: request });
    expect(answer).toMatchObject({ code: 0, body: Buffer.alloc(0), ack: 'broker' });
    expect(recordsOf(await readAll(broker, topicOf[signal]))).toBe(9);
  });

  it('takes a message of no bytes as a request of no records', async () => {
    const { grpc } = await runGateway();
    expect((await call(grpcClient(grpc), { body: Buffer.alloc(0) })).code).toBe(0);
  });

  it('answers INVALID_ARGUMENT with BadRequest to malformed bytes, and names the place', async () => {
    const { grpc } = await runGateway();
    const malformed = Buffer.from([0x0a, 0x02, 0x12, 0x09]);
    const answer = await call(grpcClient(grpc), { body: malformed });
    expect(answer.code).toBe(3);
    expect(answer.message).toContain('resource_spans[0]');
    expect(answer.details.toString()).toContain('google.rpc.BadRequest');
    expect([...answer.details.subarray(0, 2)]).toEqual([
      ...encodeStatus({ code: 3, message: '' }, 'protobuf'),
    ]);
  });

  it('answers RESOURCE_EXHAUSTED without RetryInfo to what is too large, sent or inflated', async () => {
    const { grpc } = await runGateway({ config: { bodyBytesMax: 2000 } });
    const large = protobufRequest('logs', { records: 50, padding: 100 });
    for (const options of [{}, gzip]) {
      const answer = await call(grpcClient(grpc, options), { signal: 'logs', body: large });
      expect(answer.code).toBe(8);
      expect(answer.message).toContain('2000 bytes');
      expect(answer.details.toString()).not.toContain(retryInfo);
    }
  });

  it('refuses a message far beyond the limit while it is being sent', async () => {
    const { grpc } = await runGateway({ config: { bodyBytesMax: 1000 } });
    const answer = await call(grpcClient(grpc), { body: Buffer.alloc(16 * 1024 * 1024) });
    expect(answer.code).toBe(8);
  });

  it('tells a sender whose call is refused to stop sending', async () => {
    const { grpc } = await runGateway();
    const announcesTooMuch = Buffer.from([0, 0xff, 0, 0, 0, 1, 2, 3]);
    const answer = await rawCall(grpc, { sent: announcesTooMuch, endless: true });
    expect(answer['grpc-status']).toBe('8');
  }, 3000);

  it('answers RESOURCE_EXHAUSTED with RetryInfo above the quota', async () => {
    const { grpc } = await runGateway({ config: { recordsPerSecondMax: 0.1, recordsBurst: 1 } });
    const client = grpcClient(grpc);
    expect((await call(client, { body })).code).toBe(0);
    const answer = await call(client, { body });
    expect(answer.code).toBe(8);
    expect(answer.message).toContain('0.1 records');
    expect(answer.details.toString()).toContain(retryInfo);
  });

  it('answers UNAVAILABLE with RetryInfo when the disk is full', async () => {
    const broker = withPublish(await openBroker(), async (messages) =>
      messages.map(() => ({
        status: 'refused',
        code: 'disk-full',
        retryable: true,
        message: 'no space left',
      })),
    );
    const { grpc } = await runGateway({ broker });
    const answer = await call(grpcClient(grpc), { body });
    expect(answer.code).toBe(14);
    expect(answer.message).toContain('no space left');
    expect(answer.details.toString()).toContain(retryInfo);
  });

  it('answers OK with partial_success for records that the broker can never take', async () => {
    const broker = withPublish(await openBroker(), async (messages) =>
      messages.map(() => ({
        status: 'refused',
        code: 'too-large',
        retryable: false,
        message: 'larger than 1 MiB',
      })),
    );
    const { grpc } = await runGateway({ broker });
    const answer = await call(grpcClient(grpc), { body });
    expect(answer.code).toBe(0);
    // partial_success { rejected_spans: 3, … }
    expect([...answer.body.subarray(0, 4)]).toEqual([0x0a, 21, 0x08, 3]);
    expect(answer.body.toString()).toContain('larger than 1 MiB');
  });

  it('answers UNAUTHENTICATED without a key or with a wrong one, PERMISSION_DENIED without the scope', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'gateway-keys-'));
    onTestFinished(() => rm(dir, { recursive: true }));
    const ingest = createKey({ name: 'a', tenant: 'shop', scopes: ['ingest'] });
    const query = createKey({ name: 'b', tenant: 'shop', scopes: ['query'] });
    const keysFile = join(dir, 'keys.yaml');
    await writeFile(keysFile, stringify([ingest.entry, query.entry]));
    const { grpc, broker } = await runGateway({ config: { keysFile } });
    const client = grpcClient(grpc);
    const bearer = (key: string) => ({ metadata: { authorization: `Bearer ${key}` }, body });
    const answers = [
      await call(client, { body }),
      await call(client, bearer('guess')),
      await call(client, bearer(query.key)),
      await call(client, bearer(ingest.key)),
    ];
    expect(answers.map(({ code }) => code)).toEqual([16, 16, 7, 0]);
    const [message] = await readAll(broker, topicOf.traces);
    expect(message?.headers['spillway-tenant']).toBe('shop');
  });

  it('answers UNIMPLEMENTED to another method and to another compression', async () => {
    const { grpc } = await runGateway();
    const client = grpcClient(grpc);
    const path = '/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export';
    expect((await call(client, { path, body })).code).toBe(12);
    const answer = await rawCall(grpc, {
      headers: { 'grpc-encoding': 'snappy' },
      sent: framed(body),
    });
    expect(answer['grpc-status']).toBe('12');
    expect(answer['grpc-accept-encoding']).toContain('gzip');
  });

  it('tells broken framing from a broken message', async () => {
    const { grpc } = await runGateway();
    const marked = framed(body);
    marked[0] = 1;
    const twice = Buffer.concat([framed(body), framed(body)]);
    const statuses = [];
    for (const sent of [marked, twice, framed(body).subarray(0, -1), Buffer.alloc(3)]) {
      statuses.push((await rawCall(grpc, { sent }))['grpc-status']);
    }
    expect(statuses).toEqual(['13', '13', '3', '3']);
  });

  it('answers plain HTTP statuses to what is not gRPC', async () => {
    const { grpc } = await runGateway();
    const web = { 'content-type': 'application/grpc-web+proto' };
    expect((await rawCall(grpc, { headers: web, sent: body }))[':status']).toBe(415);
    expect((await rawCall(grpc, { headers: { ':method': 'PUT' }, sent: body }))[':status']).toBe(
      405,
    );
  });

  it('serves the standard health check', async () => {
    const { grpc, gateway } = await runGateway();
    const client = grpcClient(grpc);
    const path = '/grpc.health.v1.Health/Check';
    const service = 'opentelemetry.proto.collector.logs.v1.LogsService';
    const named = Buffer.concat([Buffer.from([0x0a, service.length]), Buffer.from(service)]);
    const unknown = Buffer.from([0x0a, 1, 0x41]);
    expect((await call(client, { path, body: Buffer.alloc(0) })).body).toEqual(Buffer.from([8, 1]));
    expect((await call(client, { path, body: named })).body).toEqual(Buffer.from([8, 1]));
    expect((await call(client, { path, body: unknown })).code).toBe(5);
    expect(gateway.health().ok).toBe(true);
  });
});
