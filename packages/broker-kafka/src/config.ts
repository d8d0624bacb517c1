import type { Identities } from '@spillway/broker';
import { z } from 'zod';
import type { ProduceEvent } from './produce/event.ts';

const whole = () => z.number().int();
const mebibyte = 1_048_576;
const address = /^(\[[0-9a-f:.]+\]|[^\s:/]+):\d{1,5}$/i;

const tls = z
  .object({
    enabled: z
      .boolean()
      .default(false)
      .describe('Whether to use TLS to the brokers. Their certificates are always checked.'),
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

const sasl = z
  .object({
    mechanism: z
      .enum(['none', 'plain', 'scram-sha-256', 'scram-sha-512'])
      .default('none')
      .describe(
        'Mechanism of the login to the brokers. It needs TLS, unless the brokers are on this machine.',
      ),
    username: z.string().default('').describe('User name for the brokers.'),
    password: z.string().optional().describe('Password of the user. A `passwordFile` is safer.'),
    passwordFile: z
      .string()
      .optional()
      .describe('File that holds the password, read at the start.'),
  })
  .prefault({});

/** The `broker.kafka` section of the configuration. */
export const kafkaSection = z
  .object({
    driver: z
      .enum(['platformatic', 'kafkajs'])
      .default('platformatic')
      .describe(
        'Client library: @platformatic/kafka with the produce path of Spillway, or KafkaJS.',
      ),
    bootstrap: z
      .array(z.string().regex(address, 'host:port'))
      .min(1)
      .default(['127.0.0.1:9092'])
      .describe('Brokers from which the others are discovered, each as host:port.'),
    replicationFactor: whole()
      .min(1)
      .max(15)
      .default(3)
      .describe(
        'Copies of each topic. With 1, a single broker is intended. Topics with fewer copies stop the start.',
      ),
    minInsyncReplicas: whole()
      .min(1)
      .max(15)
      .default(2)
      .describe('Copies that must hold a message before it is acknowledged; acks is always all.'),
    retentionHours: z
      .number()
      .positive()
      .default(168)
      .describe(
        'Hours for which the topics that Spillway creates keep messages. Keep it at least as long as the stores.',
      ),
    messageBytesMax: whole()
      .min(1_024)
      .max(512 * mebibyte)
      .default(8 * mebibyte)
      .describe(
        'Bytes of the largest message, as `max.message.bytes`. An existing topic with a lower limit stops the start.',
      ),
    fetchBytesMax: whole()
      .min(64 * 1_024)
      .default(16 * mebibyte)
      .describe(
        'Bytes, approximately, that a member of a group reads ahead over all its partitions.',
      ),
    sessionTimeoutMs: whole()
      .min(1_000)
      .default(30_000)
      .describe('Milliseconds after which a silent member loses its partitions.'),
    rebalanceTimeoutMs: whole()
      .min(1_000)
      .default(60_000)
      .describe(
        'Milliseconds for which a partition that moves waits until what is in flight is committed.',
      ),
    connectTimeoutMs: whole()
      .min(100)
      .default(5_000)
      .describe(
        'Milliseconds after which a connection attempt is abandoned and another broker is tried.',
      ),
    requestTimeoutMs: whole()
      .min(500)
      .default(10_000)
      .describe('Milliseconds after which a request is abandoned and its connection closed.'),
    deliveryTimeoutMs: whole()
      .min(500)
      .default(30_000)
      .describe(
        'Milliseconds after which a publish that was not acknowledged has an unknown outcome.',
      ),
    tls,
    sasl,
  })
  .superRefine((section, context) => {
    const refuse = (path: string[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    if (section.minInsyncReplicas > section.replicationFactor) {
      refuse(
        ['minInsyncReplicas'],
        'more than replicationFactor: no publish could be acknowledged',
      );
    }
    if ((section.tls.certFile === undefined) !== (section.tls.keyFile === undefined)) {
      refuse(['tls'], 'certFile and keyFile go together');
    }
    refuseOpenPassword(section, refuse);
  })
  .prefault({});

/** The values of `kafkaSection`. */
export type KafkaSection = z.infer<typeof kafkaSection>;

/** What an operator should know. Nothing here needs a restart. */
export type KafkaBrokerEvent =
  | ProduceEvent
  /** A topic was made. */
  | { type: 'topic-created'; topic: string; partitions: number }
  /** Partitions were added, up to so many. */
  | { type: 'topic-grown'; topic: string; partitions: number }
  /** A member has new partitions, all of them listed. */
  | { type: 'assigned'; group: string; partitions: string[] }
  /** A member was too slow for its group: what it held may be read by another already. */
  | { type: 'fenced'; group: string; reason: string }
  /** A member's `onRevoke` threw or took too long; its partitions moved without it. */
  | { type: 'revoke-failed'; group: string; message: string }
  /** Reading or membership waits `waitMs` and goes on by itself. */
  | { type: 'retrying'; group: string; what: string; message: string; waitMs: number }
  /** Retention had removed messages before the group read them; it goes on at `position`. */
  | { type: 'expired'; group: string; partition: string; messages: number; position: number };

/** Options of the broker on Kafka. */
export type KafkaBrokerOptions = KafkaSection & {
  /** Names this process to the brokers, in their logs and quotas. */
  clientId: string;
  /**
   * Keeps who the producer is beyond a crash of this process (driver `platformatic`): what the life
   * before left on its way then never lands behind what this one sends.
   */
  identities?: Identities | undefined;
  report?: ((event: KafkaBrokerEvent) => void) | undefined;
};

type Refuse = (path: string[], message: string) => void;

/** A password is never sent in the clear beyond this machine. */
function refuseOpenPassword(
  { tls, sasl, bootstrap }: Pick<KafkaSection, 'tls' | 'sasl' | 'bootstrap'>,
  refuse: Refuse,
): void {
  if (sasl.mechanism === 'none') return;
  if (sasl.username === '') refuse(['sasl', 'username'], 'missing');
  if ((sasl.password === undefined) === (sasl.passwordFile === undefined)) {
    refuse(['sasl'], 'needs either password or passwordFile');
  }
  const far = bootstrap.find((one) => !/^(127\.|localhost:|\[::1\])/.test(one));
  if (!tls.enabled && far !== undefined) {
    refuse(['tls', 'enabled'], `sasl would send the password in the clear to ${far}`);
  }
}
