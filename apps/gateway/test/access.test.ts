import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKey } from '@spillway/keys';
import { ConfigError } from '@spillway/runtime';
import { until } from '@spillway/test-support/until';
import { describe, expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { gatewaySection } from '../src/index.ts';
import { checkGatewayConfig } from '../src/model/check-config.ts';
import { runGateway } from './support/gateway.ts';
import { json, send } from './support/http.ts';
import { jsonRequest } from './support/requests.ts';

describe('access', () => {
  it.each([
    ['httpHost', '0.0.0.0'],
    ['httpHost', '::'],
    ['grpcHost', '192.168.1.4'],
    ['grpcHost', '127.0.0.1.example.com'],
  ])('beyond loopback without keys does not start: %s %s', async (key, host) => {
    const failure = await runGateway({ config: { [key]: host } }).catch((error) => error);
    expect(failure).toBeInstanceOf(ConfigError);
    expect(failure.problems).toEqual([
      {
        key: `gateway.${key}`,
        wanted: 'a loopback address, or gateway.keysFile set',
        got: `"${host}" without API keys`,
        source: 'gateway',
      },
    ]);
  });

  it('beyond loopback with keys starts', async () => {
    const { file: keysFile } = await keysFileWith([]);
    const { gateway } = await runGateway({ config: { keysFile, httpHost: '0.0.0.0' } });
    expect(gateway.addresses.http).toMatch(/^0\.0\.0\.0:\d+$/);
  });

  it.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('on %s needs no keys', (host) => {
    checkGatewayConfig(gatewaySection.parse({ httpHost: host, grpcHost: host }));
  });

  it('follows the keys file without a restart', async () => {
    const first = createKey({ name: 'first', tenant: 'shop', scopes: ['ingest'] });
    const second = createKey({ name: 'second', tenant: 'shop', scopes: ['ingest'] });
    const { file: keysFile } = await keysFileWith([first.entry]);
    const { http, events } = await runGateway({ config: { keysFile } });
    const statusWith = async (key: string): Promise<number> => {
      const headers = { ...json, authorization: `Bearer ${key}` };
      return (await send(http, { headers, body: jsonRequest('traces') })).status;
    };
    expect([await statusWith(first.key), await statusWith(second.key)]).toEqual([200, 401]);
    await writeFile(keysFile, stringify([second.entry]));
    await until(() => events.filter(({ type }) => type === 'keys-loaded').length >= 2);
    expect([await statusWith(first.key), await statusWith(second.key)]).toEqual([401, 200]);
  });

  it('refuses limits that the largest body would never pass', async () => {
    const config = { bodyBytesMax: 1000, tenantSignalBytesMax: 999 };
    await expect(runGateway({ config })).rejects.toThrow(
      'gateway.tenantSignalBytesMax: wanted at least 1.25 times gateway.bodyBytesMax (1000), got 999',
    );
  });
});

async function keysFileWith(entries: readonly object[]): Promise<{ file: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'gateway-keys-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const file = join(dir, 'keys.yaml');
  await writeFile(file, stringify(entries));
  return { file };
}
