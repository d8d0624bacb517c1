import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runSpillway } from '@spillway/test-support';
import { Lab } from '@spillway/test-support/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const lab = new Lab();
const ports = ['--gateway.httpPort', '0', '--gateway.grpcPort', '0', '--console.port', '0'];

beforeAll(() => lab.spillway.start(), 120_000);
afterAll(() => lab.close());

it('asked about a group that is not there, it says which ones are', async () => {
  const { code, stderr } = await lab.command('lag', '--group', 'wrter');
  expect(code).toBe(2);
  expect(stderr).toMatch(/no group wrter; there are: .*\bwriter\b/);
});

describe('a start that cannot work', () => {
  it('says who has the data folder, and leaves it alone', async () => {
    const second = await runSpillway(['up', '--data', lab.dataDir, ...ports]);
    expect(second.code).toBe(2);
    expect(second.stderr).toContain(`in use by process ${lab.spillway.pid}`);
    expect((await lab.command('lag')).code).toBe(0);
  });

  it('does not touch the folder of a newer version', async () => {
    const newer = new Lab();
    writeFileSync(join(newer.dataDir, 'format.json'), '{"format": 99}');
    const { code, stderr } = await runSpillway(['up', '--data', newer.dataDir, ...ports]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/newer Spillway: format 99, this one reads up to 1/);
    expect(readdirSync(newer.dataDir)).toEqual(['format.json']);
    expect(readFileSync(join(newer.dataDir, 'format.json'), 'utf8')).toBe('{"format": 99}');
    await newer.close();
  });

  const wrong: [string, string[], RegExp][] = [
    [
      'a key nobody knows',
      ['--gateway.httpPrt', '1'],
      /gateway\.httpPrt: wanted a known key \(did you mean gateway\.httpPort\?\), got "1"/,
    ],
    [
      'a value of the wrong kind',
      ['--gateway.httpPort', 'many'],
      /gateway\.httpPort: wanted number, got "many" \(from --gateway\.httpPort\)/,
    ],
    [
      'a door beyond loopback without keys',
      ['--gateway.httpHost', '0.0.0.0'],
      /gateway\.httpHost: wanted .*keysFile.*got "?0\.0\.0\.0/,
    ],
    [
      'less memory than its limits add up to',
      ['--memory', '300M'],
      /memory is too small: wanted \d+ MiB, got 300 MiB \(process\.memoryBytes\).* in all\n/s,
    ],
    [
      'a limit that does not fit into the memory',
      ['--memory', '600M', '--gateway.inFlightBytesMax', '400000000'],
      /382 MiB {2}bodies of requests.*\(gateway\.inFlightBytesMax\)/,
    ],
    [
      'a console beyond loopback without keys',
      ['--console.host', '0.0.0.0'],
      /console\.host: wanted .*keysFile.*got "?0\.0\.0\.0/,
    ],
    ['a configuration file that is not there', ['--config', '/none.yaml'], /--config.*none\.yaml/s],
    [
      'embedded stores behind RabbitMQ',
      ['--broker.kind', 'rabbitmq'],
      /store\.search\.kind: wanted elasticsearch, since an embedded store.*got "embedded"/s,
    ],
    ['a role nobody knows', ['scribe'], /'scribe' is invalid.*Allowed choices are gateway, writer/],
    [
      'a role that runs apart on embedded parts',
      ['writer'],
      /store\.write\.kind: wanted postgres, since writer runs apart.*got "embedded"/s,
    ],
  ];
  it.each(wrong)('names key, wanted and got: %s', async (_name, words, message) => {
    const other = new Lab();
    const { code, stderr } = await runSpillway(['up', '--data', other.dataDir, ...ports, ...words]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
    await other.close();
  });

  it('says which port is taken', async () => {
    const taken = new URL(
      (JSON.parse(readFileSync(join(lab.dataDir, 'run.json'), 'utf8')) as RunFile).addresses
        .otlpHttp,
    ).port;
    const other = new Lab();
    const words = ['up', '--data', other.dataDir, ...ports, '--gateway.httpPort', taken];
    const { code, stderr } = await runSpillway(words);
    expect([code, stderr]).toEqual([2, expect.stringContaining(`127.0.0.1:${taken}`)]);
    await other.close();
  });

  it('shows the effective configuration with its sources', async () => {
    const { code, stdout } = await runSpillway(['config', '--gateway.httpPort', '5']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/gateway\.httpPort +5 +--gateway\.httpPort +SPILLWAY_GATEWAY_HTTP_PORT/);
  });
});

interface RunFile {
  addresses: { otlpHttp: string };
}
