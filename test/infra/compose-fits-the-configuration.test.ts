/** docker-compose.yml, and the files it mounts, against what Spillway itself knows. */
import { describe, expect, it } from 'vitest';
import { readCompose, type Service } from './src/compose.ts';
import { textOf, yamlOf } from './src/repository.ts';
import { configOf, planOf } from './src/spillway-config.ts';

const { file } = readCompose();
const mounted = 'infra/docker/spillway.yaml';
const ours = Object.entries(file.services).filter(
  ([, { build, command }]) => build && command?.[0] === 'up',
);
const config = configOf(mounted, environmentOf(ours[0]?.[1] ?? {}));

/** What each service listens on, by name. */
const listening: Readonly<Record<string, readonly number[]>> = {
  gateway: [config.gateway.httpPort, config.gateway.grpcPort, config.admin.port],
  writer: [config.admin.port],
  'search-projector': [config.admin.port],
  'live-projector': [config.admin.port],
  console: [config.console.port],
  haproxy: [4317, 4318, 8404],
  'kafka-1': [9092],
  'kafka-2': [9092],
  'kafka-3': [9092],
  rabbitmq: [5672, 15672],
  postgres: [5432],
  elasticsearch: [9200],
  redis: [6379],
  prometheus: [9090],
  grafana: [3000],
};

const passwordsOf: Readonly<Record<string, readonly string[]>> = {
  gateway: ['redis'],
  writer: ['postgres', 'redis'],
  'search-projector': ['elasticsearch', 'redis'],
  'live-projector': ['redis'],
  console: ['postgres', 'elasticsearch', 'redis'],
};

function environmentOf(service: Service): Record<string, string> {
  const set = Object.entries(service.environment ?? {}).map(([name, value]) => [name, `${value}`]);
  return Object.fromEntries(set.filter(([name]) => name?.startsWith('SPILLWAY_')));
}

describe('the services of Spillway', () => {
  it('are its roles, each once', () => {
    const roles = ['gateway', 'writer', 'search-projector', 'live-projector', 'console'];
    expect(ours.map(([name]) => name)).toEqual(roles);
    for (const [name, { command = [] }] of ours) {
      expect(command.slice(0, 4)).toEqual(['up', name, '--config', '/etc/spillway/spillway.yaml']);
    }
  });

  it('have a configuration that Spillway takes, over either broker', () => {
    for (const [, service] of ours) {
      for (const broker of ['kafka', 'rabbitmq']) {
        const env = { ...environmentOf(service), SPILLWAY_BROKER_KIND: broker };
        expect(configOf(mounted, env).broker.kind).toBe(broker);
      }
    }
  });

  it('have the memory that their limits add up to, over either broker', () => {
    for (const [name, service] of ours) {
      const memory = /^(\d+)([mg])$/.exec(service.deploy?.resources?.limits?.memory ?? '');
      const bytes = Number(memory?.[1]) * (memory?.[2] === 'g' ? 1_024 : 1) * 1_048_576;
      for (const broker of ['kafka', 'rabbitmq']) {
        const env = { ...environmentOf(service), SPILLWAY_BROKER_KIND: broker };
        expect(planOf(mounted, { env, role: name, bytes }).shrunk, name).toEqual([]);
      }
    }
  });

  it('set only environment variables that are keys of the configuration', () => {
    for (const [, service] of ours) {
      expect(() => configOf(mounted, environmentOf(service))).not.toThrow();
    }
    expect(() => configOf(mounted, { SPILLWAY_BROKER_KINDS: 'kafka' })).toThrow(/a known key/);
  });

  it('mount the configuration, the keys and the passwords that it names', () => {
    const { gateway, console: page, store, broker } = config;
    expect([gateway.keysFile, page.keysFile]).toEqual(['/keys/keys.yaml', '/keys/keys.yaml']);
    const files: Readonly<Record<string, string | undefined>> = {
      rabbitmq: broker.rabbitmq.passwordFile,
      postgres: store.write.postgres.passwordFile,
      elasticsearch: store.search.elasticsearch.passwordFile,
      redis: store.live.redis.passwordFile,
    };
    for (const [name, { volumes = [], secrets = [] }] of ours) {
      expect(volumes).toContain(`./${mounted}:/etc/spillway/spillway.yaml:ro`);
      const needsKeys = name === 'gateway' || name === 'console';
      expect(volumes.includes('keys:/keys:ro')).toBe(needsKeys);
      const wanted = ['rabbitmq', ...(passwordsOf[name] ?? [])].map((server) => files[server]);
      expect(secrets.map((secret) => `/run/secrets/${secret}`)).toEqual(wanted);
    }
  });

  it('keep what a gateway spills on a volume, and share what the fleet knows', () => {
    const spilling = ours.filter(([, { volumes = [] }]) => volumes.includes('spill:/spill'));
    expect(spilling.map(([name]) => name)).toEqual(['gateway']);
    expect(config.gateway.spill.dir).toBe('/spill/*');
    expect(config.fleet.redis.url).toBe(config.store.live.redis.url);
    expect(config.fleet.redis.passwordFile).toBe(config.store.live.redis.passwordFile);
  });

  it('have longer to stop than they take', () => {
    const { drainDelayMs, stopTimeoutMs } = config.gateway;
    expect(drainDelayMs + stopTimeoutMs).toBeLessThan(config.stop.deadlineMs);
    for (const [, service] of ours) {
      const grace = Number(/^(\d+)s$/.exec(service.stop_grace_period ?? '')?.[1]);
      expect(grace * 1_000).toBeGreaterThan(config.stop.deadlineMs);
    }
  });

  it('make messages that Kafka takes', () => {
    const limit = Number(file.services['kafka-1']?.environment?.KAFKA_MESSAGE_MAX_BYTES);
    expect(limit).toBeGreaterThanOrEqual(config.broker.kafka.messageBytesMax);
  });
});

describe('every address', () => {
  it('that the configuration names is a service of the stack', () => {
    const { broker, store } = config;
    const addresses = [
      ...broker.kafka.bootstrap.map((address) => `kafka://${address}`),
      ...broker.rabbitmq.urls,
      store.write.postgres.url,
      ...store.search.elasticsearch.nodes,
      store.live.redis.url,
    ];
    for (const address of addresses) expectService(address);
  });

  it('that Prometheus scrapes, and Grafana asks, is a service of the stack', () => {
    interface Job {
      job_name: string;
      dns_sd_configs?: { names: string[]; port: number }[];
      static_configs?: { targets: string[] }[];
    }
    const { scrape_configs: jobs } = yamlOf<{ scrape_configs: Job[] }>(
      'infra/prometheus/prometheus.yml',
    );
    const found = jobs.flatMap(({ dns_sd_configs = [], static_configs = [] }) => [
      ...dns_sd_configs.flatMap(({ names, port }) => names.map((name) => `http://${name}:${port}`)),
      ...static_configs.flatMap(({ targets }) => targets.map((target) => `http://${target}`)),
    ]);
    for (const address of found) expectService(address);
    for (const [name] of ours) expect(jobs.map((job) => job.job_name)).toContain(name);
    const { datasources } = yamlOf<{ datasources: { url: string }[] }>(
      'infra/grafana/provisioning/datasources/prometheus.yaml',
    );
    for (const { url } of datasources) expectService(url);
  });

  it('that HAProxy hands requests to is the one of the gateways', () => {
    const defaults = new Map(
      [...textOf('infra/haproxy/haproxy.cfg').matchAll(/\$\{(\w+)-([^}]*)\}/g)].map(
        ([, name, value]) => [name, value],
      ),
    );
    expect(defaults.get('GATEWAY_NAME')).toBe('gateway');
    expect(defaults.get('GATEWAY_HTTP_PORT')).toBe(`${config.gateway.httpPort}`);
    expect(defaults.get('GATEWAY_GRPC_PORT')).toBe(`${config.gateway.grpcPort}`);
    expect(defaults.get('GATEWAY_ADMIN_PORT')).toBe(`${config.admin.port}`);
    const binds = ['OTLP_GRPC_BIND', 'OTLP_HTTP_BIND', 'ADMIN_BIND'].map((name) =>
      defaults.get(name),
    );
    expect(binds).toEqual(listening.haproxy?.map((port) => `:${port}`));
  });

  it('that is published leads to a port that the service listens on', () => {
    for (const [name, { ports = [] }] of Object.entries(file.services)) {
      for (const port of ports) expect(listening[name]).toContain(Number(port.split(':').at(-1)));
    }
  });

  function expectService(address: string): void {
    const { hostname, port } = new URL(address);
    expect(Object.keys(listening), address).toContain(hostname);
    expect(listening[hostname], address).toContain(Number(port));
  }
});
