import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKafka, startRedis } from '@spillway/native';
import {
  type Addresses,
  postOtlp,
  query,
  SpillwayProcess,
  spanIdOf,
  traceIdOf,
  tracesBody,
} from '@spillway/test-support';
import { chromiumPath, launch, open } from '@spillway/test-support/chromium';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface Dependencies {
  view: string;
  dependencies: { dependency: string; fleet: string; reporters: { name: string }[] }[];
  processes: { name: string }[];
}

/** One process with every role and one more gateway, on one Kafka, meeting each other in a Redis. */
describe.skipIf(!chromiumPath)('the pipeline view while the broker is killed', () => {
  const dir = mkdtempSync(join(tmpdir(), 'spillway-pipeline-'));
  const cleanups: (() => unknown)[] = [() => rmSync(dir, { recursive: true, force: true })];
  let kafka: Awaited<ReturnType<typeof startKafka>>;
  let gateways: Addresses[];
  let browser: Browser;
  let page: Page;
  let problems: string[];

  beforeAll(async () => {
    const redis = await startRedis({ config: ['--appendonly', 'no'] });
    cleanups.push(() => redis.remove());
    kafka = await startKafka();
    cleanups.push(() => kafka.remove());
    const env = {
      SPILLWAY_BROKER_KIND: 'kafka',
      SPILLWAY_BROKER_KAFKA_BOOTSTRAP: kafka.bootstrap.join(','),
      SPILLWAY_BROKER_KAFKA_REPLICATION_FACTOR: '1',
      SPILLWAY_BROKER_KAFKA_MIN_INSYNC_REPLICAS: '1',
      SPILLWAY_FLEET_KIND: 'redis',
      SPILLWAY_FLEET_REDIS_URL: redis.url,
    };
    gateways = [await up('gw-1', [], env), await up('gw-2', ['gateway'], env)];
    browser = await launch();
    cleanups.push(() => browser.close());
    ({ page, problems } = await open(browser, `${gateways[0]?.console}/pipeline`));
  }, 120_000);

  afterAll(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });

  function up(name: string, roles: string[], env: Record<string, string>): Promise<Addresses> {
    const own = { SPILLWAY_GATEWAY_NAME: name, SPILLWAY_GATEWAY_SPILL_DIR: join(dir, name) };
    const dataDir = join(dir, `${name}-data`);
    const process = new SpillwayProcess({ dataDir, roles, env: async () => ({ ...env, ...own }) });
    cleanups.push(() => process.end('SIGKILL'));
    return process.start();
  }

  /** Once to each gateway; what they answered with. */
  async function send(id: number): Promise<(string | null)[]> {
    const span = { traceId: traceIdOf(id), spanId: spanIdOf(id) };
    const answers = await Promise.all(
      gateways.map((gateway) => postOtlp(gateway, 'traces', tracesBody('shop', [span]))),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    return answers.map(({ headers }) => headers.get('x-spillway-ack'));
  }

  async function sendUntil(shown: Locator): Promise<void> {
    for (let id = 100; !(await shown.isVisible()); id++) {
      await send(id);
      await page.waitForTimeout(200);
    }
  }

  const card = (name: string) => page.getByRole('listitem', { name: `Gateway ${name}` });
  const broker = () => page.locator('.dependencies > li', { hasText: 'broker' });

  it('shows lanes, breakers, the spill and who holds the broker down, and when it is over', async () => {
    expect(await send(1)).toEqual(['broker', 'broker']);
    for (const name of ['gw-1', 'gw-2']) {
      await card(name).getByText('traces').waitFor();
      expect(await card(name).getByText('closed').count()).toBe(3);
      await card(name).getByText('empty').waitFor();
    }

    await kafka.servers[0]?.kill();
    await sendUntil(broker().getByText('down for all'));
    for (const name of ['gw-1', 'gw-2']) {
      await broker().getByText(`${name} holds it down for`).waitFor();
      await card(name)
        .getByText(/messages? waiting/)
        .waitFor();
      await card(name)
        .getByText(/spilling|draining/)
        .waitFor();
      await card(name)
        .getByText(/oldest \d/)
        .waitFor();
    }
    const view = await query<Dependencies>(gateways[0] as Addresses, '/api/dependencies');
    expect(view.view).toBe('shared');
    expect(view.processes.map(({ name }) => name)).toEqual(['gw-1', 'gw-2']);
    const metrics = await (await fetch(`${gateways[1]?.admin}/metrics`)).text();
    expect(metrics).toContain('spillway_dependency_up{dependency="broker",view="fleet"} 0');
    expect(metrics).toContain('spillway_dependency_reporters{dependency="broker"} 2');

    await kafka.servers[0]?.start();
    await broker().getByText('● up').waitFor({ timeout: 60_000 });
    for (const name of ['gw-1', 'gw-2']) {
      await card(name).getByText('empty').waitFor({ timeout: 60_000 });
      await expect.poll(() => card(name).getByText('closed').count()).toBe(3);
    }
    expect(problems).toEqual([]);
  }, 120_000);
});
