import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type RedisServer, startRedis } from '@spillway/native';
import { redisSection } from '@spillway/redis';
import { TcpProxy } from '@spillway/test-support';
import { until } from '@spillway/test-support/until';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFailureReports, type FailureReports, type FleetViewEvent } from '../src/index.ts';
import { keysOf } from './support.ts';

const windowMs = 3_000;
let redis: RedisServer;
let proxy: TcpProxy;
let gateways: FailureReports[];
let events: FleetViewEvent[][];

/** Three gateways, of which the last reaches Redis through a network that can fail. */
beforeEach(async () => {
  redis = await startRedis({ config: ['--appendonly', 'no'] });
  proxy = await TcpProxy.start(redis.server.address);
  events = [];
  gateways = [redis.url, redis.url, `redis://${proxy.address}`].map((url, i) =>
    gateway(url, `gw-${i + 1}`),
  );
  for (const one of gateways) await one.start();
  await until(() => gateways.every((one) => fleetOf(one) === 'up'));
});
afterEach(async () => {
  for (const one of gateways) await one.stop();
  await proxy.remove();
  await redis.remove();
});

function gateway(url: string, name: string): FailureReports {
  const own: FleetViewEvent[] = [];
  events.push(own);
  const reports = createFailureReports({
    ...redisSection.parse({ url }),
    name,
    windowMs,
    reportersMin: 2,
    describe: () => ({ role: 'gateway' }),
    report: (event) => own.push(event),
  });
  reports.report('broker', 'up');
  return reports;
}

function fleetOf(one: FailureReports): string | undefined {
  return one.states().find(({ dependency }) => dependency === 'broker')?.fleet;
}

function reportersOf(one: FailureReports): string[] {
  const broker = one.states().find(({ dependency }) => dependency === 'broker');
  return (broker?.reporters ?? []).map(({ name, reason }) => `${name}: ${reason}`).sort();
}

const allSay = (down: boolean) => gateways.every((one) => one.isDown('broker') === down);

test('one reporter marks nothing down, two do, and it is up when one takes it back', async () => {
  const [first, second, third] = gateways as [FailureReports, FailureReports, FailureReports];
  first.report('broker', 'down', 'open breaker');
  await until(() => gateways.every((one) => reportersOf(one).length === 1));
  expect(reportersOf(third)).toEqual(['gw-1: open breaker']);
  expect(allSay(false)).toBe(true);

  second.report('broker', 'down', 'no answer');
  await until(() => allSay(true));
  expect(reportersOf(third)).toEqual(['gw-1: open breaker', 'gw-2: no answer']);
  expect(third.states()).toMatchObject([{ dependency: 'broker', own: 'up', fleet: 'down' }]);
  expect(events[2]).toContainEqual({
    type: 'fleet-holds-down',
    dependency: 'broker',
    reporters: ['gw-1', 'gw-2'],
  });
  expect(third.isDown('write-store')).toBe(false);

  first.report('broker', 'up');
  await until(() => allSay(false));
  expect(reportersOf(third)).toEqual(['gw-2: no answer']);
  expect(events[2]?.at(-1)).toEqual({ type: 'fleet-holds-up', dependency: 'broker' });
});

test('a reporter that was killed counts no longer than the window', async () => {
  const [first] = gateways as [FailureReports];
  first.report('broker', 'down', 'open breaker');
  const script = join(import.meta.dirname, 'reporting-process.ts');
  const child = spawn(process.execPath, [script, redis.url, 'gw-9', String(windowMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await until(() => allSay(true));
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(reportersOf(first)).toHaveLength(2);
  await until(() => allSay(false));
  expect(reportersOf(first)).toEqual(['gw-1: open breaker']);
  const processes = await first.processes();
  expect(processes?.map(({ name }) => name).sort()).toEqual(['gw-1', 'gw-2', 'gw-3']);
  expect(processes?.[0]?.document).toEqual({ role: 'gateway' });
});

test('a process that loses Redis judges by itself; one that came back empty is filled again', async () => {
  const [first, second, third] = gateways as [FailureReports, FailureReports, FailureReports];
  first.report('broker', 'down', 'open breaker');
  second.report('broker', 'down', 'no answer');
  await until(() => allSay(true));

  proxy.blackHole();
  await until(() => fleetOf(third) === 'unknown');
  expect(third.isDown('broker')).toBe(false);
  expect(first.isDown('broker')).toBe(true);
  third.report('broker', 'down', 'seen alone');
  expect(third.states()).toMatchObject([{ own: 'down', reporters: [{ name: 'gw-3' }] }]);
  await until(() => events[2]?.some(({ type }) => type === 'fleet-view-lost') ?? false);
  await proxy.heal();
  await until(() => third.isDown('broker') && reportersOf(first).length === 3);
  expect(events[2]?.map(({ type }) => type)).toContain('fleet-view-restored');

  await redis.server.kill();
  await until(() => allSay(false));
  expect(gateways.map(fleetOf)).toEqual(['unknown', 'unknown', 'unknown']);
  expect(gateways.every((one) => one.health().ok)).toBe(true);
  expect(await first.processes()).toBeUndefined();
  second.report('broker', 'up');
  await redis.server.start();
  await until(() => allSay(true));
  expect(reportersOf(second)).toEqual(['gw-1: open breaker', 'gw-3: seen alone']);
  for (const own of events) {
    const views = own.map(({ type }) => type).filter((type) => type.startsWith('fleet-view'));
    expect(views.slice(-2)).toEqual(['fleet-view-lost', 'fleet-view-restored']);
  }
});

test('a stop takes everything back', async () => {
  const [first, second] = gateways as [FailureReports, FailureReports];
  first.report('broker', 'down', 'open breaker');
  second.report('broker', 'down', 'no answer');
  await until(() => allSay(true));
  for (const one of gateways) await one.stop();
  expect(await keysOf(redis, 'spillway:{fleet}')).toEqual([]);
});
