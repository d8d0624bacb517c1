import { type RedisServer, startRedis } from '@spillway/native';
import { redisSection } from '@spillway/redis';
import { createRedisLiveStore } from '@spillway/store-redis';
import { alternate, type Cost, costOf, printCosts } from '../costs.ts';
import { runProgram } from '../run-program.ts';
import { decodedBatches, spansPerBatch } from './sink-batches.ts';

const batches = 30;
const records = batches * spansPerBatch;
/** The limits are too quick for a clock of 10 ms. */
const repeats = 10;

/** What applying the batches asks of Redis. */
interface Work {
  messages: number;
  bytes: number;
  /** That the scripts call. */
  commands: number;
}

/**
 * The live store beside redis-benchmark, which pipelines and computes nothing: SETs of as many bytes
 * as the messages, and as many HINCRBYs as the scripts call commands.
 */
export async function benchRedis(): Promise<void> {
  const redis = await startRedis();
  let work: Work = { messages: 0, bytes: 0, commands: 0 };
  const apply = async (round: number): Promise<Cost> => {
    const cost = await applied(redis, `bench${round}:`);
    work = workOf(await ask(redis, 'INFO', 'everything'));
    return cost;
  };
  try {
    const costs = await alternate([
      { name: 'store.apply', measure: apply },
      { name: 'redis-benchmark: a SET per message', measure: () => limit(redis, setsOf(work)) },
      { name: 'redis-benchmark: a HINCRBY per command', measure: () => limit(redis, addsOf(work)) },
    ]);
    const bytes = (work.bytes / records).toFixed(0);
    const commands = (work.commands / records).toFixed(1);
    const title = `Redis, batches of ${spansPerBatch} spans; a span: ${bytes} bytes, ${commands} commands`;
    printCosts(title, 'span', costs);
  } finally {
    await redis.remove();
  }
}

async function applied(redis: RedisServer, keyPrefix: string): Promise<Cost> {
  const prepared = decodedBatches(batches);
  const store = createRedisLiveStore({
    ...redisSection.parse({ url: redis.url, keyPrefix }),
    positions: 'log',
  });
  await ask(redis, 'FLUSHALL');
  await store.start();
  await ask(redis, 'CONFIG', 'RESETSTAT');
  const cost = await costOf(redis.server, records, async () => {
    for (const messages of prepared) await store.apply(messages);
  });
  await store.stop();
  return cost;
}

async function limit(redis: RedisServer, load: string): Promise<Cost> {
  await ask(redis, 'FLUSHALL');
  const [host, port] = redis.server.address.split(':');
  const args = `-h ${host} -p ${port} -c 1 -q ${load}`.split(' ');
  return await costOf(redis.server, records * repeats, async () => {
    await runProgram('redis-benchmark', args);
  });
}

function setsOf({ messages, bytes }: Work): string {
  return `-P 10 -n ${messages * repeats} -d ${Math.round(bytes / messages)} -t set`;
}

function addsOf({ commands }: Work): string {
  return `-P 100 -n ${commands * repeats} -r 1000 HINCRBY key:__rand_int__ field 1`;
}

function ask({ url }: RedisServer, ...command: string[]): Promise<string> {
  return runProgram('redis-cli', ['-u', url, ...command]);
}

const notInScripts = /^(evalsha|script|config|info|client|ping)/;

function workOf(info: string): Work {
  const calls = [...info.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)];
  const sum = (wanted: (name: string) => boolean) =>
    calls.reduce((all, [, name = '', count]) => all + (wanted(name) ? Number(count) : 0), 0);
  return {
    messages: sum((name) => name === 'evalsha'),
    bytes: Number(/^total_net_input_bytes:(\d+)/m.exec(info)?.[1]),
    commands: sum((name) => !notInScripts.test(name)),
  };
}
