import type { Identities } from '@spillway/broker';
import { z } from 'zod';

const whole = () => z.number().int();
const mebibyte = 1_048_576;

const tls = z
  .object({
    caFile: z
      .string()
      .optional()
      .describe(
        'PEM file of the authorities to trust. When absent, those that come with Node.js are trusted.',
      ),
    certFile: z.string().optional().describe('PEM file of the client certificate, for mutual TLS.'),
    keyFile: z
      .string()
      .optional()
      .describe('PEM file of the private key that belongs to `certFile`.'),
  })
  .prefault({});

/** The `broker.rabbitmq` section of the configuration. */
export const rabbitmqSection = z
  .object({
    urls: z
      .array(z.url({ protocol: /^amqps?$/ }))
      .min(1)
      .default(['amqp://127.0.0.1:5672'])
      .describe('Nodes that are tried in turn, each as amqp[s]://[user:password@]host:port/vhost.'),
    username: z.string().optional().describe('User name, for addresses that have none.'),
    password: z.string().optional().describe('Password of the user. A `passwordFile` is safer.'),
    passwordFile: z.string().optional().describe('File that holds the password.'),
    tls: tls.describe('TLS files for amqps, read again at each connection.'),
    replicas: whole()
      .min(1)
      .max(9)
      .default(3)
      .describe(
        'Nodes that hold each queue that Spillway creates, or all nodes if there are fewer.',
      ),
    messageBytesMax: whole()
      .min(1_024)
      .max(512 * mebibyte)
      .default(16 * mebibyte)
      .describe(
        'Bytes of the largest message, at most the `max_message_size` of the server (16 MiB since RabbitMQ 4.0).',
      ),
    groupBacklogBytesMax: whole()
      .min(mebibyte)
      .default(2_048 * mebibyte)
      .describe(
        'Bytes that may wait for one group in one partition. Beyond it publishes are refused.',
      ),
    keptHours: z
      .number()
      .positive()
      .max(24 * 3_650)
      .default(24 * 30)
      .describe('Hours for which dead letters are kept.'),
    keptBytesMax: whole()
      .min(mebibyte)
      .default(4_096 * mebibyte)
      .describe('Bytes of dead letters kept for each partition. The oldest are removed first.'),
    publishBytesMax: whole()
      .min(mebibyte)
      .default(64 * mebibyte)
      .describe(
        'Bytes that were sent or wait to be sent and are not confirmed. Beyond it publishes are refused.',
      ),
    confirmTimeoutMs: whole()
      .min(100)
      .max(120_000)
      .default(6_000)
      .describe(
        'Milliseconds after which a message that was not confirmed has an unknown outcome.',
      ),
    prefetchMessages: whole()
      .min(1)
      .max(10_000)
      .default(256)
      .describe('Most messages of a partition that are held and not committed.'),
    prefetchBytes: whole()
      .min(64 * 1_024)
      .default(8 * mebibyte)
      .describe('Bytes, approximately, of a partition that are held and not committed.'),
    unackedMinutesMax: z
      .number()
      .positive()
      .default(20)
      .describe(
        'Minutes after which messages that are still held are given back. Keep it below the `consumer_timeout` of the server.',
      ),
    connectTimeoutMs: whole()
      .min(100)
      .max(120_000)
      .default(10_000)
      .describe(
        'Milliseconds to connect and log in, and for which the start waits for the server.',
      ),
    reconnectMinMs: whole()
      .min(1)
      .default(100)
      .describe('Milliseconds of the first wait after a broken connection.'),
    reconnectMaxMs: whole()
      .min(1)
      .default(10_000)
      .describe('Milliseconds of the longest wait between two tries.'),
    heartbeatSeconds: whole()
      .min(1)
      .max(600)
      .default(10)
      .describe(
        'Seconds between heartbeats. A connection that is silent for twice as long counts as broken.',
      ),
    beatMs: whole()
      .min(50)
      .max(60_000)
      .default(1_000)
      .describe(
        'Milliseconds between the reports by which members of a group announce themselves and what they hold.',
      ),
    memberTimeoutMs: whole()
      .min(200)
      .max(600_000)
      .default(5_000)
      .describe(
        'Milliseconds without a report after which a member has left. Set it to several times `beatMs`.',
      ),
    revokeTimeoutMs: whole()
      .min(100)
      .max(600_000)
      .default(10_000)
      .describe(
        'Milliseconds for which a partition that moves waits until what is in flight is committed.',
      ),
  })
  .prefault({});

/** The values of `rabbitmqSection`. */
export type RabbitMqSection = z.output<typeof rabbitmqSection>;

/** Options of the broker on RabbitMQ. */
export interface RabbitMqOptions extends RabbitMqSection {
  /** Shown as the connection's name on the server. */
  clientId: string;
  /**
   * Keeps the publisher's name beyond a crash of this process: until the server has dropped the
   * connection of the life before, this one does not publish.
   */
  identities?: Identities | undefined;
  report?: (event: RabbitMqEvent) => void;
  clock?: () => number;
  random?: () => number;
}

/** Options with their defaults filled in. */
export type RabbitMqConfig = Required<Pick<RabbitMqOptions, 'report' | 'clock' | 'random'>> &
  RabbitMqOptions;

/** What an operator should know of RabbitMQ. */
export type RabbitMqEvent =
  | { type: 'connected'; connection: string; address: string; version: string }
  /** The next try follows after `waitMs`. */
  | { type: 'disconnected'; connection: string; message: string; waitMs: number }
  /** The server lacks memory or disk and takes no messages. */
  | { type: 'blocked'; connection: string; reason: string }
  | { type: 'unblocked'; connection: string }
  /** Messages were given up without knowing whether they are on the broker. */
  | { type: 'unresolved'; topic: string; partition: number; messages: number; message: string }
  /** The server still has our former connection: nothing is published until it drops it. */
  | { type: 'publisher-waits' }
  | { type: 'publisher-ready' }
  /** The former name is lost: what it left on its way may land behind newer messages. */
  | { type: 'identity-new'; reason: string }
  /** A queue exists with other arguments than the configuration wants; it stays as it is. */
  | { type: 'queue-differs'; queue: string; message: string }
  /** A channel that reads a partition broke; it is opened again. */
  | { type: 'reader-broken'; group: string; partition: string; message: string }
  | { type: 'assigned'; group: string; gained: string[]; lost: string[]; members: number }
  /** A member's `onRevoke` threw or took too long; its partitions moved without it. */
  | { type: 'revoke-failed'; group: string; message: string };

/** Fills in the defaults of the options. */
export function configOf(options: RabbitMqOptions): RabbitMqConfig {
  return { report: () => {}, clock: Date.now, random: Math.random, ...options };
}
