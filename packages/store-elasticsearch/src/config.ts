import { z } from 'zod';

const whole = () => z.number().int();
const mebibyte = 1_048_576;

/** The `store.search.elasticsearch` section of the configuration. */
export const elasticsearchSection = z
  .object({
    nodes: z
      .array(z.string().regex(/^https?:\/\//))
      .min(1)
      .default(['http://127.0.0.1:9200'])
      .describe('URLs of the nodes, which receive requests in turn.'),
    username: z.string().optional().describe('User name for basic authentication.'),
    password: z
      .string()
      .optional()
      .describe('Password for basic authentication. A `passwordFile` is safer.'),
    passwordFile: z.string().optional().describe('File that holds the password.'),
    apiKey: z.string().optional().describe('API key in base64, instead of a user and a password.'),
    apiKeyFile: z.string().optional().describe('File that holds the API key.'),
    caFile: z.string().optional().describe('PEM file of the authority to trust.'),
    indexPrefix: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/)
      .default('spillway')
      .describe('Prefix of the names of every index and template.'),
    shards: whole().min(1).max(64).default(1).describe('Primary shards of the index of one day.'),
    replicas: whole()
      .min(0)
      .max(5)
      .default(1)
      .describe('Copies of each shard beside the primary one; 0 suits a single node.'),
    refreshIntervalMs: whole()
      .min(100)
      .max(600_000)
      .default(1_000)
      .describe('Milliseconds until what was applied can be found, at most.'),
    bulkBytesMax: whole()
      .min(64 * 1_024)
      .max(64 * mebibyte)
      .default(5 * mebibyte)
      .describe('Bytes of one bulk request. A larger document becomes a dead letter.'),
    bulkConcurrency: whole()
      .min(1)
      .max(32)
      .default(2)
      .describe('Most concurrent bulk requests of each process.'),
    requestTimeoutMs: whole()
      .min(100)
      .default(30_000)
      .describe('Milliseconds that a request may take.'),
    startTimeoutMs: whole()
      .min(0)
      .default(60_000)
      .describe('Milliseconds for which the start waits for a server that does not answer.'),
    leaseMs: whole()
      .min(500)
      .max(60_000)
      .default(5_000)
      .describe(
        'Milliseconds for which a process may rely on what it last read about a running rebuild. Set it equally in all processes.',
      ),
  })
  .prefault({});

/** The values of `elasticsearchSection`. */
export type ElasticsearchSection = z.output<typeof elasticsearchSection>;
