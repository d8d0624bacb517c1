import { existsSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { readCompose, variablesOf } from './src/compose.ts';
import { pathOf, textOf } from './src/repository.ts';

const { text, file } = readCompose();
const services = Object.entries(file.services);

describe('docker-compose.yml', () => {
  it('is a Compose file', () => {
    const schema = JSON.parse(textOf('test/infra/compose-spec/compose-spec.json'));
    const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
    const validate = ajv.compile(schema);
    validate(file);
    expect(validate.errors ?? []).toEqual([]);
    validate({ ...file, services: { one: { image: 'a:1', helthcheck: {} } } });
    expect(validate.errors).not.toBeNull();
  });

  it('takes only variables that .env.example explains, with the same defaults', () => {
    expect(Object.fromEntries(variablesOf(text))).toEqual(parseEnv(textOf('.env.example')));
  });

  it('names only files, volumes, secrets and services that there are', () => {
    const missing = services.flatMap(([name, service]) => [
      ...(service.volumes ?? [])
        .map((volume) => volume.split(':')[0] as string)
        .filter((from) =>
          from.startsWith('.') ? !existsSync(pathOf(from)) : !(from in file.volumes),
        )
        .map((from) => `${name}: ${from}`),
      ...(service.secrets ?? [])
        .map((secret) => (typeof secret === 'string' ? secret : secret.source))
        .filter((secret) => !(secret in file.secrets))
        .map((secret) => `${name}: secret ${secret}`),
      ...Object.keys(service.depends_on ?? {})
        .filter((other) => !(other in file.services))
        .map((other) => `${name}: depends on ${other}`),
    ]);
    expect(missing).toEqual([]);
  });

  it('uses every volume and secret that it declares', () => {
    const used = services.flatMap(([, { volumes = [], secrets = [] }]) => [
      ...volumes.map((volume) => volume.split(':')[0]),
      ...secrets.map((secret) => (typeof secret === 'string' ? secret : secret.source)),
    ]);
    const declared = [...Object.keys(file.volumes), ...Object.keys(file.secrets)];
    expect(declared.filter((name) => !used.includes(name))).toEqual([]);
  });

  it('waits for health only where there is a health check', () => {
    for (const [name, { depends_on = {} }] of services) {
      for (const [other, { condition }] of Object.entries(depends_on)) {
        const { healthcheck, restart } = file.services[other] ?? {};
        const once = restart === 'no' && healthcheck?.disable === true;
        const wanted = once ? 'service_completed_successfully' : 'service_healthy';
        expect([name, other, condition]).toEqual([name, other, wanted]);
      }
    }
  });
});

describe.each(services)('the service %s', (_name, service) => {
  it('is built from a Dockerfile that is there, or pulled by a version', () => {
    const [, tag = ''] = /:([^:/]+)$/.exec(service.image ?? '') ?? [];
    expect(tag).toMatch(/^v?\d+\.\d+(\.\d+)?(-[a-z]+)?$/);
    if (!service.build) return;
    expect(existsSync(pathOf(service.build.dockerfile))).toBe(true);
    expect(service.build.context).toBe('.');
  });

  it('says when it is well, or does its work once', () => {
    const { healthcheck, restart } = service;
    if (healthcheck?.disable) expect(restart).toBe('no');
    else expect(healthcheck?.test?.[0]).toMatch(/^CMD/);
    if (!healthcheck?.disable) expect(restart).toBe('unless-stopped');
  });

  it('is bounded', () => {
    const { cpus, memory, pids } = service.deploy?.resources?.limits ?? {};
    expect(Number(cpus)).toBeGreaterThan(0);
    expect(memory).toMatch(/^\d+(m|g)$/);
    expect(pids).toBeGreaterThan(0);
  });

  it('is not root and can not become it', () => {
    expect(service.user).toMatch(/^(?!root\b|0\b)[a-z0-9]+(:\d+)?$/);
    expect(service.cap_drop).toEqual(['ALL']);
    expect(service.security_opt).toContain('no-new-privileges:true');
  });

  it('is reached from this machine only', () => {
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  it('has no password in its environment', () => {
    const names = Object.keys(service.environment ?? {});
    const secret = names.filter((name) => /PASS|SECRET|TOKEN/i.test(name));
    expect(secret.filter((name) => !/_FILE$/.test(name))).toEqual([]);
  });
});
