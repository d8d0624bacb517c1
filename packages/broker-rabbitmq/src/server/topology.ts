/** What is declared on the server. Each argument whose default differs by version is explicit. */
import type { TopicPartition, TopicSpec } from '@spillway/broker';
import { messageOf, sleep } from '@spillway/resilience';
import type { Channel } from 'amqplib';
import type { RabbitMqConfig } from '../config.ts';
import { replyCodeOf, replyCodes } from '../errors.ts';
import { catalogQueue, groupQueue, keptQueue } from '../names.ts';
import { type Client, closeChannel } from './client.ts';
import { statQueues } from './stat.ts';

interface Queue {
  name: string;
  arguments: Record<string, unknown>;
  /** To the topic's exchange, by the number of the partition. */
  boundTo?: TopicPartition;
}

/**
 * A node that is killed within about a second after a queue was made may not find the queue again
 * when it starts (seen with 3.10): nothing is acknowledged before this has passed.
 */
const settleMs = 1_500;

/**
 * Idempotent. The exchange of the topic and what its messages wait in.
 * @returns true when something was made: `settle` must then follow
 */
export async function declareTopic(
  client: Client,
  config: RabbitMqConfig,
  spec: TopicSpec,
): Promise<boolean> {
  const channel = await client.channel();
  await channel.assertExchange(spec.name, 'direct', { durable: true, autoDelete: false });
  await closeChannel(channel);
  const queues = partitionsOf(spec).flatMap((at) => queuesOf(at, spec, { client, config }));
  return declareQueues(client, config, queues);
}

export interface Difference {
  queue: string;
  argument: string;
  wanted: string;
  got: string;
}

/**
 * Compares the queues that exist: every argument that differs from what the configuration wants.
 */
export async function differencesOf(
  client: Client,
  config: RabbitMqConfig,
  specs: readonly TopicSpec[],
): Promise<Difference[]> {
  const queues = specs.flatMap((spec) =>
    partitionsOf(spec).flatMap((at) => queuesOf(at, spec, { client, config })),
  );
  const names = queues.map(({ name }) => name);
  const existing = await statQueues(client, names);
  const found: Difference[] = [];
  for (const { name, arguments: wanted } of queues) {
    if (!existing.has(name)) continue;
    const left = { durable: true, arguments: { ...wanted } };
    // The server names the first one that differs; without it, it names the next.
    for (;;) {
      const difference = await differenceOf(client, name, left);
      if (difference === undefined) break;
      found.push({ queue: name, ...difference });
      if (!(difference.argument in left.arguments)) break;
      delete left.arguments[difference.argument];
    }
  }
  return found;
}

async function differenceOf(
  client: Client,
  queue: string,
  options: { durable: boolean; arguments: Record<string, unknown> },
): Promise<Omit<Difference, 'queue'> | undefined> {
  const channel = await client.channel();
  try {
    await channel.assertQueue(queue, options);
  } catch (error) {
    if (replyCodeOf(error) !== replyCodes.preconditionFailed) throw error;
    const text = messageOf(error);
    const [, argument = '', rest = ''] = /inequivalent arg '([^']+)'[^:]*: (.*)/s.exec(text) ?? [];
    const [wanted = '', got = ''] = rest.replace(/^received /, '').split(/ but current is /);
    return { argument, wanted, got };
  }
  await closeChannel(channel);
  return undefined;
}

export async function settle(): Promise<void> {
  await sleep(settleMs);
}

/**
 * Declares the stream that lists topics and groups. It is never trimmed: it holds a few hundred
 * bytes per topic and group, and per start of a process.
 */
export async function declareCatalog(client: Client, config: RabbitMqConfig): Promise<void> {
  const queue = { name: catalogQueue, arguments: streamOf(config.replicas) };
  if (await declareQueues(client, config, [queue])) await settle();
}

export function partitionsOf({ name, partitions }: TopicSpec): TopicPartition[] {
  return Array.from({ length: partitions }, (_, partition) => ({ topic: name, partition }));
}

function queuesOf(
  at: TopicPartition,
  { kept, groups }: TopicSpec,
  { client, config }: { client: Client; config: RabbitMqConfig },
): Queue[] {
  if (kept) return [{ name: keptQueue(at), arguments: keptArguments(config), boundTo: at }];
  return (groups ?? []).map((group) => ({
    name: groupQueue(at, group),
    arguments: groupArguments(config, client.version),
    boundTo: at,
  }));
}

/**
 * A backlog over its bound refuses publishes; nothing is dropped, nor dead-lettered by the server.
 * From 4.0 on a quorum queue drops after 20 returns unless configured otherwise; before, a negative
 * limit would drop at once.
 */
function groupArguments(config: RabbitMqConfig, version: string): Record<string, unknown> {
  const limitByDefault = Number.parseInt(version, 10) >= 4;
  return {
    'x-queue-type': 'quorum',
    'x-quorum-initial-group-size': config.replicas,
    'x-queue-leader-locator': 'balanced',
    'x-single-active-consumer': true,
    'x-max-length-bytes': config.groupBacklogBytesMax,
    'x-overflow': 'reject-publish',
    ...(limitByDefault && { 'x-delivery-limit': -1 }),
  };
}

const segmentsPerKeptMax = 16;
const segmentBytesMax = 256 * 1_048_576;

/** Retention removes whole segments, so they are small against the bound. */
function keptArguments({ replicas, keptHours, keptBytesMax }: RabbitMqConfig) {
  return {
    ...streamOf(replicas),
    'x-max-age': `${Math.ceil(keptHours)}h`,
    'x-max-length-bytes': keptBytesMax,
    'x-stream-max-segment-size-bytes': Math.min(
      segmentBytesMax,
      Math.ceil(keptBytesMax / segmentsPerKeptMax),
    ),
  };
}

function streamOf(replicas: number): Record<string, unknown> {
  return {
    'x-queue-type': 'stream',
    'x-initial-cluster-size': replicas,
    'x-queue-leader-locator': 'balanced',
  };
}

/** One that exists with other arguments is left as it is, and reported. */
async function declareQueues(
  client: Client,
  { report }: RabbitMqConfig,
  queues: readonly Queue[],
): Promise<boolean> {
  const existing = await statQueues(
    client,
    queues.map(({ name }) => name),
  );
  let channel = await client.channel();
  for (const { name, arguments: wanted, boundTo } of queues) {
    try {
      await channel.assertQueue(name, { durable: true, arguments: wanted });
    } catch (error) {
      if (replyCodeOf(error) !== replyCodes.preconditionFailed) throw error;
      report({ type: 'queue-differs', queue: name, message: messageOf(error) });
      channel = await client.channel();
    }
    if (boundTo) await bind(channel, name, boundTo);
  }
  await closeChannel(channel);
  return existing.size < queues.length;
}

async function bind(channel: Channel, queue: string, { topic, partition }: TopicPartition) {
  await channel.bindQueue(queue, topic, String(partition));
}
