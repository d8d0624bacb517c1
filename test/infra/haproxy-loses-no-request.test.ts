/** infra/haproxy/haproxy.cfg in a real HAProxy, before two gateways that come and go. */
import { freePort } from '@spillway/native';
import { Lab } from '@spillway/test-support/lab';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DnsServer } from './src/dns-server.ts';
import { HaProxy } from './src/haproxy.ts';
import { OtlpLoad } from './src/otlp-load.ts';
import { configOf } from './src/spillway-config.ts';

/** Replicas have a port in common and an address each, as containers do. */
const hosts = ['127.0.0.11', '127.0.0.12'] as const;
const dns = new DnsServer({ gateway: hosts });
const labs: Lab[] = [];
let proxy: HaProxy;
let load: OtlpLoad;

beforeAll(async () => {
  const ports: number[] = [];
  while (ports.length < 6) ports.push(await freePort());
  const [http, grpc, admin, otlpHttp, otlpGrpc, stats] = ports.map(String) as [
    string,
    ...string[],
  ] as [string, string, string, string, string, string];
  const { drainDelayMs } = configOf('infra/docker/spillway.yaml').gateway;
  for (const host of hosts) {
    const args = ['gateway.httpHost', 'gateway.grpcHost', 'console.host'].flatMap((key) => [
      `--${key}`,
      host,
    ]);
    args.push('--gateway.httpPort', http, '--gateway.grpcPort', grpc, '--console.port', admin);
    labs.push(new Lab([...args, '--gateway.drainDelayMs', `${drainDelayMs}`]));
  }
  await Promise.all(labs.map(({ spillway }) => spillway.start()));
  proxy = new HaProxy({
    DNS_SERVER: await dns.start(),
    GATEWAY_HTTP_PORT: http,
    GATEWAY_GRPC_PORT: grpc,
    GATEWAY_ADMIN_PORT: admin,
    OTLP_HTTP_BIND: `127.0.0.1:${otlpHttp}`,
    OTLP_GRPC_BIND: `127.0.0.1:${otlpGrpc}`,
    ADMIN_BIND: `127.0.0.1:${stats}`,
  });
  proxy.start();
  await proxy.hasGateways(2);
  load = new OtlpLoad({ http: `127.0.0.1:${otlpHttp}`, grpc: `127.0.0.1:${otlpGrpc}`, workers: 4 });
});

afterAll(async () => {
  await load?.stop();
  await proxy?.stop();
  dns.stop();
  for (const lab of labs) await lab.close();
});

it('hands every request to a gateway that takes it, while each is replaced in turn', {
  timeout: 120_000,
}, async () => {
  load.start();
  await load.more(100);
  for (const [n, { spillway }] of labs.entries()) {
    expect(await spillway.end('SIGTERM')).toBe(0);
    // As the container's name goes with it.
    dns.names.set('gateway', [hosts[1 - n] as string]);
    await load.more(100);
    await spillway.start();
    dns.names.set('gateway', hosts);
    await proxy.hasGateways(2);
    await load.more(100);
  }
  await load.stop();
  expect(load.failures).toEqual([]);
  const { http, grpc } = load.acknowledged;
  const audits = await Promise.all(labs.map((lab) => lab.audit()));
  expect(audits.map(({ code }) => code)).toEqual([0, 0]);
  const accepted = audits.map(({ report }) => report.totals.accepted as number);
  // Both had their share; a request that HAProxy sent again may have been taken twice.
  for (const share of accepted) expect(share).toBeGreaterThan(0);
  expect(accepted.reduce((sum, share) => sum + share, 0)).toBeGreaterThanOrEqual(http + grpc);
});

it('tells the numbers that the dashboards show', async () => {
  const text = await proxy.metrics();
  expect(text).toMatch(/^haproxy_backend_active_servers\{proxy="gateway_http"\} 2$/m);
  expect(text).toMatch(/^haproxy_backend_http_responses_total\{proxy="gateway_grpc",code="2xx"\}/m);
});
