import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadConfig, maskedConfig } from './config.ts';
import { ConfigError } from './config-error.ts';

const schema = z.object({
  gateway: z
    .object({
      httpPort: z.number().int().min(0).max(65535).default(4318).describe('OTLP/HTTP port'),
      corsOrigins: z.array(z.string()).default([]),
    })
    .prefault({}),
  broker: z
    .object({
      kind: z.enum(['embedded', 'kafka']).default('embedded'),
      kafka: z
        .object({
          password: z.string().default(''),
          tls: z.boolean().default(false),
        })
        .prefault({}),
      url: z.string().default(''),
      urls: z.array(z.string()).default([]),
    })
    .prefault({}),
});

const dir = mkdtempSync(join(tmpdir(), 'spillway-config-'));
afterAll(() => rmSync(dir, { recursive: true }));

function file(text: string): string {
  const name = join(dir, 'spillway.yaml');
  writeFileSync(name, text);
  return name;
}

function problems(run: () => unknown) {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('configuration', () => {
  it('has defaults for everything', () => {
    const { config } = loadConfig(schema, { env: {}, flags: {} });
    expect(config.gateway).toEqual({ httpPort: 4318, corsOrigins: [] });
    expect(config.broker.kafka.tls).toBe(false);
  });

  it('lets flags win over the environment and the environment over the file', () => {
    const { config, sources } = loadConfig(schema, {
      file: file('gateway: { httpPort: 1, corsOrigins: [a] }\nbroker: { kafka: { tls: true } }'),
      env: { SPILLWAY_GATEWAY_HTTP_PORT: '2', SPILLWAY_GATEWAY_CORS_ORIGINS: 'x, y' },
      flags: { 'gateway.httpPort': '3' },
    });
    expect(config.gateway).toEqual({ httpPort: 3, corsOrigins: ['x', 'y'] });
    expect(config.broker.kafka.tls).toBe(true);
    expect(sources.get('gateway.httpPort')).toBe('--gateway.httpPort');
  });

  it('names key, wanted, got and source of every wrong value at once', () => {
    const found = problems(() =>
      loadConfig(schema, {
        file: file('gateway: { httpPrt: 1 }'),
        env: { SPILLWAY_GATEWAY_HTTP_PORT: 'many' },
        flags: { 'broker.kind': 'rabbit' },
      }),
    );
    expect(found).toEqual([
      {
        key: 'gateway.httpPrt',
        wanted: 'a known key (did you mean gateway.httpPort?)',
        got: '1',
        source: join(dir, 'spillway.yaml'),
      },
      {
        key: 'gateway.httpPort',
        wanted: 'number',
        got: '"many"',
        source: 'SPILLWAY_GATEWAY_HTTP_PORT',
      },
      {
        key: 'broker.kind',
        wanted: 'one of "embedded"|"kafka"',
        got: '"rabbit"',
        source: '--broker.kind',
      },
    ]);
  });

  it('says the bound that a number is beyond', () => {
    const flags = { 'gateway.httpPort': '99999' };
    const [found] = problems(() => loadConfig(schema, { env: {}, flags }));
    expect(found).toMatchObject({ wanted: 'number to be <=65535', got: '99999' });
  });

  it('says so of a value that contains itself', () => {
    const itself = file('gateway: { httpPort: &a [*a] }');
    const [found] = problems(() => loadConfig(schema, { file: itself, env: {}, flags: {} }));
    expect(found).toMatchObject({ key: 'gateway.httpPort', got: 'a value that contains itself' });
  });

  it('refuses unknown environment variables but not those Kubernetes injects', () => {
    expect(
      problems(() => loadConfig(schema, { env: { SPILLWAY_GATEWAY_HTTPPORT: '1' }, flags: {} })),
    ).toHaveLength(1);
    const env = { SPILLWAY_GATEWAY_SERVICE_HOST: '10.0.0.1', SPILLWAY_GATEWAY_PORT_4317_TCP: 'x' };
    expect(problems(() => loadConfig(schema, { env, flags: {} }))).toEqual([]);
  });

  it('says which file cannot be read', () => {
    const found = problems(() => loadConfig(schema, { file: join(dir, 'no'), env: {}, flags: {} }));
    expect(found[0]).toMatchObject({ key: '--config', source: join(dir, 'no') });
  });

  it('masks secrets and passwords in URLs', () => {
    const loaded = loadConfig(schema, {
      env: {},
      flags: {
        'broker.kafka.password': 'hunter2',
        'broker.url': 'amqp://me:hunter2@host/x',
        'broker.urls': 'amqp://me:hunter2@a/x,amqp://me:hun@ter2@b/x',
      },
    });
    const text = JSON.stringify(maskedConfig(loaded));
    expect(text).not.toContain('hunter2');
    expect(text).toContain('amqp://me:********@host/x');
    expect(text).not.toContain('ter2');
  });

  it('never shows a wrong secret', () => {
    const found = problems(() =>
      loadConfig(schema, {
        file: file('broker: { kafka: { password: 12345 } }'),
        env: {},
        flags: {},
      }),
    );
    expect(JSON.stringify(found)).not.toContain('12345');
  });
});
